using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Texts of many tenants in shared requests. Requests are answered by the test; time stands unless it is moved.</summary>
public sealed class MicroBatcherTests
{
    private static readonly TenantId A = TenantId.Parse("a"), B = TenantId.Parse("b");

    [Fact]
    public async Task A_text_goes_at_once_where_no_request_is_under_way()
    {
        await using var world = await World.Start(_ => { });
        var alone = world.Embed(A, "a");
        (await world.Embedder.Next()).Succeed();
        Assert.Equal(["a"], await Told(alone, "a"));
    }

    [Fact]
    public async Task Beside_a_request_under_way_a_full_one_goes_at_once_and_the_rest_when_its_oldest_text_has_waited_long_enough()
    {
        await using var world = await World.Start(options => options.MaxTexts = 4);
        var busy = world.Embed(A, "a0");
        var underWay = await world.Embedder.Next();
        var (first, second) = (world.Embed(A, "a1", "a2", "a3"), world.Embed(B, "b1", "b2"));
        var full = await world.Embedder.Next();
        Assert.Equal(["a1", "b1", "a2", "b2"], full.Texts);
        await world.Time.TimerSet();
        Assert.False(world.Embedder.IsAsked);
        world.Time.Advance(TimeSpan.FromMilliseconds(5));
        var rest = await world.Embedder.Next();
        Assert.Equal(["a3"], rest.Texts);
        rest.Succeed();
        full.Succeed();
        underWay.Succeed();
        Assert.Equal(["a0"], await Told(busy, "a0"));
        Assert.Equal(["a1", "a2", "a3"], await Told(first, "a1", "a2", "a3"));
        Assert.Equal(["b1", "b2"], await Told(second, "b1", "b2"));
        Assert.Equal(new EmbedderId("staged", 1, 4), (await first).Embedder);
    }

    [Fact]
    public async Task A_request_holds_no_more_characters_than_it_may_but_one_long_text_always_and_that_cut()
    {
        await using var world = await World.Start(options => (options.MaxCharacters, options.MaxTextCharacters, options.MaxDelay) = (1_024, 2_000, TimeSpan.Zero), answers: true);
        var asked = new List<IReadOnlyList<string>>();
        world.Seen = asked.Add;
        await world.Embed(A, [new string('x', 600), new string('y', 600), new string('z', 5_000), "tail"]);
        Assert.Equal([600, 600, 2_000, 4], asked.SelectMany(texts => texts).Select(text => text.Length));
        Assert.All(asked, texts => Assert.True(texts.Count == 1 || texts.Sum(text => text.Length) <= 1_024));
    }

    [Fact]
    public async Task One_tenant_s_flood_leaves_the_next_request_s_place_for_the_other_s_text()
    {
        await using var world = await World.Start(options => (options.MaxTexts, options.MaxRequests) = (8, 1));
        var flood = world.Embed(A, [.. Enumerable.Range(0, 1_000).Select(i => $"a{i}")]);
        var first = await world.Embedder.Next();
        var late = world.Embed(B, "b");
        first.Succeed();
        var second = await world.Embedder.Next();
        Assert.Contains("b", second.Texts);
        second.Succeed();
        Assert.Equal(["b"], await Told(late, "b"));
        Assert.False(flood.IsCompleted);
    }

    [Fact]
    public async Task No_more_requests_are_under_way_than_allowed_and_what_waits_fills_the_next_one()
    {
        await using var world = await World.Start(options => (options.MaxTexts, options.MaxRequests, options.MaxDelay) = (4, 2, TimeSpan.Zero));
        var asks = new List<Task<EmbeddedTexts>> { world.Embed(A, "1"), };
        var one = await world.Embedder.Next();
        asks.Add(world.Embed(B, "2"));
        var two = await world.Embedder.Next();
        asks.AddRange(Enumerable.Range(3, 4).Select(i => world.Embed(A, $"{i}")));
        Assert.False(world.Embedder.IsAsked);
        one.Succeed();
        var three = await world.Embedder.Next();
        Assert.Equal(["3", "4", "5", "6"], three.Texts);
        two.Succeed();
        three.Succeed();
        await Task.WhenAll(asks);
    }

    [Fact]
    public async Task A_full_queue_refuses_as_busy_first_the_tenant_that_fills_it_and_then_everybody()
    {
        await using var world = await World.Start(options => (options.MaxTexts, options.MaxRequests, options.MaxWaiting, options.MaxWaitingOfTenant) = (1, 1, 3_072, 2_048));
        var texts = Enumerable.Range(0, EmbeddedTexts.MaxTexts).Select(i => $"{i}").ToArray();
        _ = world.Embed(A, "under way");
        await world.Embedder.Next();
        Task<EmbeddedTexts>[] accepted = [world.Embed(A, texts), world.Embed(A, texts)];
        Assert.Equal(RefusalCode.Busy, (await Assert.ThrowsAsync<RefusedException>(() => world.Embed(A, "one more"))).Code);
        accepted = [.. accepted, world.Embed(B, texts)];
        var refused = await Assert.ThrowsAsync<RefusedException>(() => world.Embed(B, "one more"));
        Assert.Contains("1,024 texts of this tenant", refused.Message);
        Assert.DoesNotContain("3,072", refused.Message); // What others have waiting is not for this one to know.
        Assert.All(accepted, task => Assert.False(task.IsCompleted));
    }

    [Fact]
    public async Task Texts_that_nobody_waits_for_any_more_are_not_sent()
    {
        await using var world = await World.Start(options => (options.MaxRequests, options.MaxDelay) = (1, TimeSpan.Zero));
        var kept = world.Embed(A, "first");
        var first = await world.Embedder.Next();
        using var gone = new CancellationTokenSource();
        var given = world.Batcher.Embed(A, ["given up"], gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        var last = world.Embed(B, "last");
        first.Succeed();
        var second = await world.Embedder.Next();
        Assert.Equal(["last"], second.Texts);
        second.Succeed();
        await Task.WhenAll(kept, last);
    }

    [Fact]
    public async Task A_refused_request_is_not_halved_for_callers_who_have_gone()
    {
        await using var world = await World.Start(options => (options.MaxRequests, options.MaxDelay) = (1, TimeSpan.Zero));
        using var gone = new CancellationTokenSource();
        var given = world.Batcher.Embed(A, ["one", "two", "three", "four"], gone.Token);
        var first = await world.Embedder.Next();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        first.Answer.SetException(new EmbedderException("at fault", isOfTheTexts: true));
        var last = world.Embed(B, "last");
        var second = await world.Embedder.Next();
        Assert.Equal(["last"], second.Texts);
        second.Succeed();
        await last;
    }

    [Fact]
    public async Task A_model_that_cannot_be_reached_is_asked_once_and_every_call_concerned_is_refused_as_busy()
    {
        await using var world = await World.Start(options => (options.MaxTexts, options.MaxRequests) = (2, 1));
        var busy = world.Embed(A, "busy");
        var underWay = await world.Embedder.Next();
        var (one, two) = (world.Embed(A, "a"), world.Embed(B, "b")); // Beside a request under way, so that they share the next one.
        underWay.Succeed();
        await busy;
        (await world.Embedder.Next()).Answer.SetException(new EmbedderException("no route to host", isOfTheTexts: false));
        foreach (var call in (Task<EmbeddedTexts>[])[one, two])
        {
            var refused = await Assert.ThrowsAsync<RefusedException>(() => call);
            Assert.Equal((RefusalCode.Busy, "The embedding model does not answer: no route to host."), (refused.Code, refused.Message));
        }
        Assert.Equal(2, world.Embedder.Requests);
    }

    [Fact]
    public async Task A_request_that_brings_another_number_of_vectors_is_no_answer()
    {
        await using var world = await World.Start(options => options.MaxTexts = 2);
        var call = world.Embed(A, "a", "b");
        (await world.Embedder.Next()).Answer.SetResult(StagedEmbedder.All(["a"]));
        Assert.Contains("1 vectors of 2 texts", (await Assert.ThrowsAsync<RefusedException>(() => call)).Message);
    }

    [Fact]
    public async Task Whoever_waits_when_the_silo_stops_is_told_to_ask_again()
    {
        await using var world = await World.Start(options => options.MaxRequests = 1);
        var under = world.Embed(A, [.. Enumerable.Range(0, 64).Select(i => $"{i}")]);
        await world.Embedder.Next();
        var waits = world.Embed(B, "b");
        await world.Batcher.StopAsync(default);
        foreach (var call in (Task<EmbeddedTexts>[])[under, waits, world.Embed(A, "late")])
            Assert.Equal(RefusalCode.Unavailable, (await Assert.ThrowsAsync<RefusedException>(() => call)).Code);
    }

    /// <summary>Goal: each call gets the vectors of its own texts, whatever shares its requests. Method: calls of several tenants at once, some texts at fault; a vector tells its text.</summary>
    [Fact]
    public void Every_call_gets_its_own_vectors_and_only_texts_at_fault_are_refused() => Prop.ForAll(
        Gen.Choose(1, 9).Two().Zip(Gen.Choose(0, 12).Zip(Gen.Choose(0, 3)).ListOf(12)).ToArbitrary(), drawn =>
        {
            var ((maxTexts, maxRequests), calls) = drawn;
            return Shared(maxTexts, maxRequests, calls).GetAwaiter().GetResult();
        }).QuickCheckThrowOnFailure();

    private static async Task<bool> Shared(int maxTexts, int maxRequests, IReadOnlyList<(int Texts, int Fault)> calls)
    {
        await using var world = await World.Start(options => (options.MaxTexts, options.MaxRequests, options.MaxDelay) = (maxTexts, maxRequests, TimeSpan.Zero), answers: true);
        var asks = calls.Select((call, number) =>
        {
            var texts = Enumerable.Range(0, call.Texts + 1).Select(i => $"{number}/{i}{(i % 5 == call.Fault ? " at fault" : "")}").ToArray();
            return (texts, answer: world.Embed(TenantId.Parse($"t{number % 4}"), texts));
        }).ToList();
        foreach (var (texts, answer) in asks)
        {
            var faults = texts.Index().Where(text => text.Item.EndsWith("at fault", StringComparison.Ordinal)).Select(text => $"text {text.Index}: at fault").ToArray();
            if (faults.Length > 0 ? !(await Assert.ThrowsAsync<RefusedException>(() => answer)).Errors.SequenceEqual(faults) : !(await Told(answer, texts)).SequenceEqual(texts))
                return false;
        }
        return true;
    }

    [Theory]
    [InlineData(nameof(MicroBatchingOptions.MaxTexts))]
    [InlineData(nameof(MicroBatchingOptions.MaxCharacters))]
    [InlineData(nameof(MicroBatchingOptions.MaxTextCharacters))]
    [InlineData(nameof(MicroBatchingOptions.MaxRequests))]
    [InlineData(nameof(MicroBatchingOptions.MaxWaiting))]
    [InlineData(nameof(MicroBatchingOptions.MaxWaitingOfTenant))]
    public void An_option_out_of_its_range_is_refused_by_name(string option)
    {
        new MicroBatchingOptions().Validate();
        var options = new MicroBatchingOptions();
        typeof(MicroBatchingOptions).GetProperty(option)!.SetValue(options, 0);
        Assert.Contains(option, Assert.Throws<ArgumentOutOfRangeException>(options.Validate).Message);
        Assert.Throws<ArgumentOutOfRangeException>(new MicroBatchingOptions { MaxDelay = TimeSpan.FromSeconds(2) }.Validate);
    }

    /// <summary>Which of these texts the vectors are of.</summary>
    private static async Task<IEnumerable<string>> Told(Task<EmbeddedTexts> answer, params string[] texts) =>
        (await answer).Vectors.Select(vector => texts.FirstOrDefault(text => StagedEmbedder.VectorOf(text).AsSpan().SequenceEqual(vector.Span)) ?? "another's");

    private sealed class World : IAsyncDisposable
    {
        public required StagedEmbedder Embedder { get; init; }

        public required MicroBatcher Batcher { get; init; }

        public ManualTime Time { get; private init; } = null!;

        public Action<IReadOnlyList<string>> Seen { get; set; } = _ => { };

        public static async Task<World> Start(Action<MicroBatchingOptions> configure, bool answers = false)
        {
            World world = null!;
            var embedder = answers ? new StagedEmbedder { Answer = texts => world.AnswerOf(texts) } : new StagedEmbedder();
            var (options, time) = (new MicroBatchingOptions(), new ManualTime());
            configure(options);
            options.Validate();
            world = new World { Embedder = embedder, Time = time, Batcher = new MicroBatcher(embedder, Options.Create(options), time, NullLogger<MicroBatcher>.Instance) };
            await world.Batcher.StartAsync(default);
            return world;
        }

        public Task<EmbeddedTexts> Embed(TenantId tenant, params string[] texts) => Batcher.Embed(tenant, texts, default);

        public async ValueTask DisposeAsync()
        {
            await Batcher.StopAsync(default);
            Batcher.Dispose();
        }

        private GeneratedEmbeddings<Embedding<float>> AnswerOf(IReadOnlyList<string> texts)
        {
            Seen(texts);
            return texts.Any(text => text.EndsWith("at fault", StringComparison.Ordinal)) ? throw new EmbedderException("at fault", isOfTheTexts: true) : StagedEmbedder.All(texts);
        }
    }
}
