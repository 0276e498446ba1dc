using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>The index and the search of a tenant in a silo over the embedded store.</summary>
public sealed class ProjectionGrainTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Hints_may_come_twice_or_never_and_everything_is_indexed_once()
    {
        await using var world = await World.Start();
        for (var i = 0; i < 20; i++)
        {
            await world.Store(($"k{i}", Note("text")));
            for (var hint = i % 4; hint > 0; hint--)
                await world.Index.Hint(i + 1);
        }
        Assert.Equal(20, (await world.Caught()).Cursor);
        Assert.Equal(20, (await world.Search("text")).Matched);
        Assert.Equal(20, world.Faults.Tried.SelectMany(t => t).Count());
    }

    [Fact]
    public async Task What_was_stored_before_a_stop_is_searchable_after_a_start_without_a_hint()
    {
        await using var world = await World.Start();
        world.Faults.Refuse = _ => new StorageException(StorageFault.Full, "No space left.");
        await world.Store(("a", Note("text")));
        await world.Host.Down();
        await world.Host.Up();
        await world.Caught();
        Assert.Equal("a", Assert.Single((await world.Search("text")).Hits).Citation.Key);
    }

    [Fact]
    public async Task Who_waits_for_what_does_not_come_is_told_so()
    {
        await using var world = await World.Start();
        using var _ = CallerContext.For(PipelineWorld.Tenant);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => world.Index.WaitFor(1_000, TimeSpan.FromMilliseconds(20), default));
        Assert.Equal(RefusalCode.Busy, refused.Code);
    }

    [Fact]
    public async Task A_record_that_was_put_aside_is_tried_again_by_a_rebuild()
    {
        await using var world = await World.Start();
        world.Faults.Refuse = records => records.Any(r => r.Key == "bad" && r.Chunks.Count > 0) ? new InvalidOperationException("no good") : null;
        await world.Store(("a", Note("text")), ("bad", Note("text")), ("b", Note("text")));
        Assert.Equal(1, (await world.Caught()).DeadLetters);
        Assert.Equal(["a", "b"], await world.Found("text"));
        Assert.Equal("bad", Assert.Single(await world.Ask(index => index.DeadLetters(10))).Key);
        world.Faults.Refuse = _ => null;
        await world.Ask(index => index.Rebuild());
        Assert.Equal(0, (await world.Caught()).DeadLetters);
        Assert.Equal(["a", "b", "bad"], await world.Found("text"));
    }

    [Fact]
    public async Task A_failing_store_is_waited_for_and_said()
    {
        await using var world = await World.Start();
        world.Faults.Refuse = _ => new StorageException(StorageFault.Full, "No space left.");
        await world.Store(("a", Note("text")));
        var stuck = await world.Until(index => index.View(), view => view.LastError is not null);
        Assert.Contains("No space left", stuck.LastError);
        Assert.Equal((0, 1, 0), (stuck.Cursor, stuck.Head, stuck.DeadLetters));
        world.Faults.Refuse = _ => null;
        Assert.Null((await world.Caught()).LastError);
        Assert.Equal(["a"], await world.Found("text"));
    }

    [Fact]
    public async Task An_index_that_waits_for_a_silo_with_a_GPU_says_so_and_goes_on_by_itself()
    {
        // From the start: a new tenant's index looks at its log at once, and a chunker that was placed for it stays.
        await using var world = await World.Start(services => services.Configure<PlacementOptions>(placement => placement.GpuPolicy = GpuPolicy.Wait));
        await world.Store(("a", Note("text")));
        var stuck = await world.Until(index => index.View(), view => view.LastError is not null);
        Assert.EndsWith("cannot go on at 0: It waits for a silo labelled gpu=gh200; the one silo that could take it is none.", stuck.LastError);
        Assert.Contains("waits for a silo labelled gpu=gh200", (await world.Why("notes/a")).Explanation);
        Assert.Equal(0, stuck.DeadLetters);
        world.Host.Options<PlacementOptions>().GpuPolicy = GpuPolicy.Prefer;
        Assert.Null((await world.Caught()).LastError);
        Assert.Equal(["a"], await world.Found("text"));
    }

    [Fact]
    public async Task Why_says_for_each_stage_where_a_record_is_and_what_it_waits_for()
    {
        await using var world = await World.Start();
        Assert.Equal("unknown", (await world.Why("notes/a")).Stage);
        world.Faults.Refuse = _ => new StorageException(StorageFault.Full, "No space left.");
        await world.Store(("a", Note("text")), ("bad", "[1]"), ("empty", "{}"), ("gone", Note("text")));
        var waiting = await world.Why("notes/a");
        Assert.Equal(("stored", "the index, which is at 0 of 4"), (waiting.Stage, waiting.WaitingFor));
        world.Faults.Refuse = _ => null;
        await world.Store(("gone", null));
        await world.Caught();
        await world.Embedded();
        Assert.Equal(("searchable", null, "version 1 as 1 passage, with vectors of sophia-hashed"), await world.Why("notes/a") is var found ? (found.Stage, found.WaitingFor, found.Steps[^1].Detail) : default);
        Assert.Equal("dead letter", (await world.Why("notes/bad")).Stage);
        Assert.Equal("deleted", (await world.Why("notes/gone")).Stage);
        Assert.Contains("no text in it", (await world.Why("notes/empty")).Explanation);
    }

    [Theory]
    [InlineData("", 10)]
    [InlineData(" \n", 10)]
    [InlineData("x", 0)]
    [InlineData("x", SearchQuery.MaxLimit + 1)]
    [InlineData("long", 10)]
    public async Task A_senseless_search_is_refused(string text, int limit)
    {
        await using var world = await World.Start();
        var query = new SearchQuery(text == "long" ? new string('x', SearchQuery.MaxTextLength + 1) : text, limit);
        Assert.Equal(RefusalCode.Invalid, (await Assert.ThrowsAsync<RefusedException>(() => world.Ask(query))).Code);
    }

    [Fact]
    public async Task Everything_that_is_wrong_with_a_filter_is_said_at_once()
    {
        await using var world = await World.Start();
        var filter = new SearchFilter(
            Streams: new string[SearchRules.MaxFilterValues + 1].Select(_ => "s").ToArray(), Keys: new[] { new string('x', SearchRules.MaxFilterLength + 1) }, Kind: (ChunkKind)9,
            From: DateTimeOffset.UnixEpoch, Until: DateTimeOffset.UnixEpoch);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => world.Ask(new SearchQuery("x", 10, filter)));
        Assert.Equal(4, refused.Errors.Count);
    }

    [Fact]
    public async Task There_is_no_projection_but_the_index()
    {
        await using var world = await World.Start();
        using var _ = CallerContext.For(PipelineWorld.Tenant);
        await Assert.ThrowsAnyAsync<Exception>(() => world.Host.Grains.GetGrain<IProjectionGrain>("acme/other").View());
    }

    private static string Note(string text) => JsonSerializer.Serialize(new { note = text });

    private sealed class World : IAsyncDisposable
    {
        public required PipelineHost Host { get; init; }

        public FaultyIndex Faults { get; private set; } = null!;

        public IProjectionGrain Index => Host.Grains.GetGrain<IProjectionGrain>(TenantKey.Of(PipelineWorld.Tenant, Projections.Index));

        public static async Task<World> Start(Action<IServiceCollection>? adapt = null)
        {
            World? world = null;
            FaultyIndex? first = null;
            var host = await PipelineHost.Start(services =>
            {
                adapt?.Invoke(services);
                var store = services.Last(s => s.ServiceType == typeof(IIndexStore));
                services.AddSingleton<IIndexStore>(provider =>
                {
                    var faults = new FaultyIndex((IIndexStore)ActivatorUtilities.CreateInstance(provider, store.ImplementationType!));
                    first ??= faults;
                    world?.Faults = faults;
                    return faults;
                });
            });
            world = new World { Host = host };
            world.Faults = first ?? (FaultyIndex)host.Index;
            return world;
        }

        public async Task Store(params (string Key, string? Json)[] records)
        {
            var fence = await Host.Log.Acquire(PipelineWorld.Tenant, "test", default);
            var entries = records.Select(r => new NewEntry(
                EntryType.Record, "notes", r.Key, r.Json is null ? RecordOperation.Delete : RecordOperation.Upsert, Encoding.UTF8.GetBytes(r.Json ?? ""),
                EntryHash.Of(r.Json is null ? RecordOperation.Delete : RecordOperation.Upsert, Encoding.UTF8.GetBytes(r.Json ?? "")))).ToList();
            Assert.IsType<AppendOutcome.Committed>(await Host.Log.Append(PipelineWorld.Tenant, new AppendBatch { Fence = fence, At = DateTimeOffset.UnixEpoch, Entries = entries }, default));
        }

        public async Task<T> Ask<T>(Func<IProjectionGrain, Task<T>> ask)
        {
            using var _ = CallerContext.For(PipelineWorld.Tenant);
            return await ask(Index);
        }

        public async Task<SearchAnswer> Ask(SearchQuery query)
        {
            using var _ = CallerContext.For(PipelineWorld.Tenant);
            return await Host.Grains.GetGrain<ISearchGrain>(TenantKey.Of(PipelineWorld.Tenant)).Search(query, default);
        }

        public Task<SearchAnswer> Search(string text) => Ask(new SearchQuery(text, 100));

        public async Task<string[]> Found(string text) => [.. (await Search(text)).Hits.Select(h => h.Citation.Key).Order(StringComparer.Ordinal)];

        public async Task<WhyView> Why(string id)
        {
            using var _ = CallerContext.For(PipelineWorld.Tenant);
            return await Host.Grains.GetGrain<IRecordsGrain>(TenantKey.Of(PipelineWorld.Tenant)).Why(id);
        }

        /// <summary>Waits until the index is where the log is.</summary>
        public async Task<ProjectionView> Caught()
        {
            var head = await Host.Log.Head(PipelineWorld.Tenant, default);
            return await Ask(index => index.WaitFor(head, Patience, default));
        }

        /// <summary>Waits until every passage has a vector.</summary>
        public async Task Embedded()
        {
            using var _ = CallerContext.For(PipelineWorld.Tenant);
            var vectors = Host.Grains.GetGrain<IProjectionGrain>(TenantKey.Of(PipelineWorld.Tenant, Projections.Vectors));
            await vectors.WaitFor((await vectors.View()).Head, Patience, default);
        }

        public async Task<ProjectionView> Until(Func<IProjectionGrain, Task<ProjectionView>> ask, Func<ProjectionView, bool> wanted)
        {
            using var deadline = new CancellationTokenSource(Patience);
            while (true)
            {
                var view = await Ask(ask);
                if (wanted(view))
                    return view;
                Assert.False(deadline.IsCancellationRequested, $"waited in vain; the last view was {view}");
                await Task.Yield();
            }
        }

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
