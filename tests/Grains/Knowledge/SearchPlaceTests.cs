using System.Text.Json;
using System.Threading.Tasks.Sources;
using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Knowledge;

// Goal: a search has a place of its tenant's work while it keeps a core busy, and none while it waits for others; how long it stood in line is told apart.
// Method: everything around a search says what it was asked for and whether a place was held then; a clock that only the line moves.
public sealed class SearchPlaceTests : IAsyncDisposable
{
    private readonly FeedWorld world = new();
    private readonly ManualTime time = new();
    private readonly Line line;

    public SearchPlaceTests()
    {
        line = new Line(time);
        world.Index.Asked = () => line.Tell("index");
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task Where_the_index_is_here_the_question_is_embedded_first_and_one_place_is_held_for_all_the_rest()
    {
        await Filled();
        Assert.Single((await Engine(isLocal: true).Search(FeedWorld.Acme, new SearchQuery("words"), RankingOptions.Default, default)).Hits);
        Assert.Equal(["embed", "enter", "index in a place", "leave"], line.Told.Distinct());
        Assert.Single(line.Told, "leave");
    }

    [Fact]
    public async Task Where_the_index_is_elsewhere_no_place_is_held_while_it_is_asked()
    {
        await Filled();
        Assert.Single((await Engine(isLocal: false).Search(FeedWorld.Acme, new SearchQuery("words"), RankingOptions.Default, default)).Hits);
        Assert.Equal(["embed", "index", "enter", "leave"], line.Told.Distinct());
        Assert.Single(line.Told, "leave");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_says_how_long_it_waited_in_line_and_does_not_count_that_as_its_own_time(bool isLocal)
    {
        await Filled();
        line.Wait = TimeSpan.FromSeconds(7);
        var answer = await Engine(isLocal).Search(FeedWorld.Acme, new SearchQuery("words"), RankingOptions.Default, default);
        Assert.Equal((TimeSpan.FromSeconds(7), 0d), (answer.Waited, answer.Milliseconds));
    }

    [Fact]
    public async Task An_answer_that_waited_is_remembered_without_its_waiting()
    {
        await Filled();
        using var cache = new CacheWorld();
        var search = new CachedSearch(new SearchEngine(world.Index, world.Log, time, bulkheads: line), world.Index, world.Log, cache.Cache, RankingOptions.Default, time);
        line.Wait = TimeSpan.FromSeconds(7);
        var first = await search.Search(FeedWorld.Acme, new SearchQuery("words"), default);
        var again = await search.Search(FeedWorld.Acme, new SearchQuery("words"), default);
        Assert.Equal((TimeSpan.FromSeconds(7), TimeSpan.Zero), (first.Waited, again.Waited));
        Assert.Single(line.Told, "leave");
        Assert.Equal(first.Hits.Single().Text, again.Hits.Single().Text);
    }

    [Fact]
    public void Who_asks_is_not_told_of_the_line() =>
        Assert.DoesNotContain(nameof(SearchAnswer.Waited), JsonSerializer.Serialize(new SearchAnswer([], 0, 0, 0, 0) { Waited = TimeSpan.FromSeconds(1) }), StringComparison.OrdinalIgnoreCase);

    private async Task Filled()
    {
        await world.Store(("a", """{"note":"some words"}"""));
        await world.Follow();
    }

    private SearchEngine Engine(bool isLocal)
    {
        world.Index.IsLocal = isLocal;
        return new SearchEngine(world.Index, world.Log, time, _ => new Embedder(line), line);
    }

    private sealed class Embedder(Line line) : ITextEmbedder
    {
        public Task<EmbeddedTexts> Embed(IReadOnlyList<string> texts, CancellationToken cancellation)
        {
            line.Tell("embed");
            return Task.FromResult(new EmbeddedTexts(new EmbedderId("one", 1, 1), [.. texts.Select(_ => (ReadOnlyMemory<float>)new float[] { 1 })]));
        }
    }

    /// <summary>One place, for which everybody waits as long as the test wants; nobody may ask for it who has it.</summary>
    private sealed class Line(ManualTime time) : IBulkheads
    {
        private bool held;

        public List<string> Told { get; } = [];

        public TimeSpan Wait { get; set; }

        public void Tell(string what) => Told.Add(held ? $"{what} in a place" : what);

        public ValueTask<BulkheadPlace> Enter(TenantId tenant, BulkheadKind kind, CancellationToken cancellation)
        {
            Assert.Equal((FeedWorld.Acme, BulkheadKind.Work), (tenant, kind));
            Tell("enter");
            held = true;
            var place = new BulkheadPlace(new Leaving(this));
            return Wait == TimeSpan.Zero ? new(place) : new(new Turn(place, () => time.Advance(Wait)), 0);
        }

        public RefusedException? WhyFull(TenantId tenant, BulkheadKind kind) => null;

        public bool TryHold(TenantId tenant, long bytes) => true;

        public void GiveBack(TenantId tenant, long bytes)
        {
        }

        public RefusedException WhyNotHeld(TenantId tenant) => throw new NotSupportedException("Everything is held.");

        private sealed class Leaving(Line line) : IDisposable
        {
            public void Dispose()
            {
                line.held = false;
                line.Tell("leave");
            }
        }

        /// <summary>Comes once somebody waits for it, and not before.</summary>
        private sealed class Turn(BulkheadPlace place, Action comes) : IValueTaskSource<BulkheadPlace>
        {
            private bool came;

            public BulkheadPlace GetResult(short token) => place;

            public ValueTaskSourceStatus GetStatus(short token) => Volatile.Read(ref came) ? ValueTaskSourceStatus.Succeeded : ValueTaskSourceStatus.Pending;

            public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
            {
                comes();
                Volatile.Write(ref came, true);
                ThreadPool.QueueUserWorkItem(continuation, state, preferLocal: false);
            }
        }
    }
}
