using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Sophia.Log;
using Sophia.Pipelines;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Answers that are remembered, in a silo over the embedded store.</summary>
public sealed class CachedSearchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task The_same_question_again_asks_the_index_nothing_until_it_has_moved()
    {
        await using var world = await World.Start();
        await world.Store("a", "the renewal of Acme");
        var first = await world.Search("renewal");
        var again = await world.Search("renewal");
        Assert.Equal(1, world.Searches);
        Assert.Equal(Told(first), Told(again));
        await world.Search("renewal of");
        Assert.Equal(2, world.Searches);
        await world.Store("b", "another renewal");
        Assert.Equal(2, (await world.Search("renewal")).Hits.Count);
        Assert.Equal(3, world.Searches);
    }

    /// <summary>Goal: whatever is stored between two questions, an answer from the cache is the answer that the index gives. Method: drawn words, each question asked of both.</summary>
    [Fact]
    public async Task An_answer_is_never_older_than_the_index()
    {
        const int Seed = 20261121;
        var drawn = new Random(Seed);
        string[] words = ["renewal", "price", "churn", "budget"];
        await using var world = await World.Start();
        for (var step = 0; step < 40; step++)
        {
            if (drawn.Next(3) == 0)
                await world.Store($"k{drawn.Next(6)}", drawn.Next(4) == 0 ? null : string.Join(' ', Enumerable.Range(0, 4).Select(_ => words[drawn.Next(words.Length)])));
            var asked = words[drawn.Next(words.Length)];
            Assert.True(Told(await world.Uncached(asked)) == Told(await world.Search(asked)), $"seed {Seed}, step {step}, \"{asked}\"");
        }
        Assert.InRange(world.Searches, 40, 79); // 40 of them are the uncached ones.
    }

    [Fact]
    public async Task What_the_log_has_beyond_the_index_is_said_although_the_answer_is_remembered()
    {
        await using var world = await World.Start();
        await world.Store("a", "renewal");
        Assert.Equal((1, 1), await world.Search("renewal") is var now ? (now.IndexedTo, now.Head) : default);
        world.Index.Refuse = _ => new StorageException(StorageFault.Full, "No space left.");
        await world.Append("b", "renewal");
        Assert.Equal((1, 2), await world.Search("renewal") is var late ? (late.IndexedTo, late.Head) : default);
        Assert.Equal(1, world.Searches);
    }

    private static string Told(SearchAnswer answer) => JsonSerializer.Serialize(answer with { Milliseconds = 0 });

    private sealed class World : IAsyncDisposable
    {
        private PipelineHost host = null!;

        public FaultyIndex Index { get; private set; } = null!;

        public int Searches => Index.Searches;

        public static async Task<World> Start()
        {
            var world = new World();
            world.host = await PipelineHost.Start(services =>
            {
                services.AddSingleton(Options.Create(RankingOptions.Default with { EmbedWithin = Patience })); // An answer by words alone is not kept.
                var store = services.Last(s => s.ServiceType == typeof(IIndexStore));
                services.AddSingleton<IIndexStore>(provider => world.Index = new FaultyIndex((IIndexStore)ActivatorUtilities.CreateInstance(provider, store.ImplementationType!)));
            });
            world.Index ??= (FaultyIndex)world.host.Index;
            return world;
        }

        public async Task Store(string key, string? text)
        {
            await Append(key, text);
            using (CallerContext.For(PipelineWorld.Tenant))
                await host.Grains.GetGrain<IProjectionGrain>(TenantKey.Of(PipelineWorld.Tenant, Projections.Index)).WaitFor(await host.Log.Head(PipelineWorld.Tenant, default), Patience, default);
            await Vectors();
        }

        // New vectors are a new index: they are waited for where a test counts searches.
        private async Task Vectors()
        {
            using var deadline = new CancellationTokenSource(Patience);
            while (await host.Vectors.State(PipelineWorld.Tenant, default) is { Chunks: > 0 } state && (state.Answering is not { } answering || state.Vectors[answering] < state.Chunks))
            {
                Assert.False(deadline.IsCancellationRequested, $"waited in vain for vectors: {state}");
                await Task.Yield();
            }
        }

        public async Task Append(string key, string? text)
        {
            var (operation, body) = (text is null ? RecordOperation.Delete : RecordOperation.Upsert, Encoding.UTF8.GetBytes(text is null ? "" : JsonSerializer.Serialize(new { note = text })));
            var fence = await host.Log.Acquire(PipelineWorld.Tenant, "test", default);
            var entry = new NewEntry(EntryType.Record, "notes", key, operation, body, EntryHash.Of(operation, body));
            Assert.IsType<AppendOutcome.Committed>(await host.Log.Append(PipelineWorld.Tenant, new AppendBatch { Fence = fence, At = DateTimeOffset.UnixEpoch, Entries = [entry] }, default));
        }

        public async Task<SearchAnswer> Search(string text)
        {
            using var _ = CallerContext.For(PipelineWorld.Tenant);
            return await host.Grains.GetGrain<ISearchGrain>(TenantKey.Of(PipelineWorld.Tenant)).Search(new SearchQuery(text), default);
        }

        public Task<SearchAnswer> Uncached(string text) =>
            new SearchEngine(host.Index, host.Log, TimeProvider.System).Search(PipelineWorld.Tenant, new SearchQuery(text), RankingOptions.Default, default);

        public ValueTask DisposeAsync() => host.DisposeAsync();
    }
}
