using Sophia.Operations;

namespace Sophia.Knowledge;

/// <summary>What vectors do to a search: they rescue, they do not spoil, and nobody waits for them.</summary>
public sealed class MeaningTests : IAsyncDisposable
{
    private readonly FeedWorld world = new();

    public async ValueTask DisposeAsync() => await world.DisposeAsync();

    [Fact]
    public async Task A_misspelt_word_finds_by_its_letters_what_no_word_finds()
    {
        await Filled(("pump", "The compressor of the cooling plant rattles"), ("door", "Nobody locked the gate behind the yard"), ("menu", "Soup and bread are served at noon"));
        Assert.Empty((await world.Search("compresor")).Hits);
        Assert.Equal("pump", (await Search("compresor")).Hits[0].Citation.Key);
        Assert.Equal("door", (await Search("the unlockd gate")).Hits[0].Citation.Key);
    }

    [Fact]
    public async Task The_built_in_embedder_leaves_an_answer_alone_whose_words_are_all_known()
    {
        await Filled([.. Enumerable.Range(0, 30).Select(i => ($"k{i}", $"report number{i} of the {(i % 3 == 0 ? "cooling" : "heating")} plant"))]);
        foreach (var question in new[] { "cooling plant", "report number7", "the heating report" })
        {
            var (with, without) = (await Search(question), await world.Search(question));
            Assert.Equal(without.Hits.Select(h => (h.ChunkId, h.Score)), with.Hits.Select(h => (h.ChunkId, h.Score)));
        }
    }

    [Fact]
    public async Task A_model_finds_what_shares_no_word_with_the_question()
    {
        await Filled(("car", "automobile"), ("fruit", "banana"));
        var answer = await Search("vehicle", new Synonyms());
        Assert.Equal("car", answer.Hits[0].Citation.Key);
        Assert.Null(answer.Degraded);
    }

    [Fact]
    public async Task Joined_by_ranks_only_places_count()
    {
        await Filled(("both", "automobile banana and much else besides"), ("word", "banana"), ("neither", "bread"));
        await Embedded(new Synonyms());
        var engine = new SearchEngine(world.Index, world.Log, TimeProvider.System, _ => new Synonyms());
        var answer = await engine.Search(FeedWorld.Acme, new SearchQuery("vehicle banana", 100), RankingOptions.Default with { MeaningWeight = 1, RescueWeight = 0, ReciprocalRank = 60 }, default);
        Assert.Equal(["both", "word", "neither"], answer.Hits.Select(hit => hit.Citation.Key));
        Assert.Equal([1 / 62.0 + 1 / 61.0, 1 / 61.0 + 1 / 62.0, 1 / 63.0], answer.Hits.Select(hit => hit.Score));
    }

    [Fact]
    public async Task What_is_near_must_pass_the_filter()
    {
        await Filled(("car", "automobile"), ("fruit", "banana"));
        Assert.Equal("fruit", Assert.Single((await Search("vehicle banana", new Synonyms(), new SearchFilter(Keys: new[] { "fruit" }))).Hits).Citation.Key);
    }

    [Fact]
    public async Task Where_the_embedder_is_away_words_answer_and_say_so()
    {
        await Filled(("a", "some words"));
        var away = new Away();
        var engine = new SearchEngine(world.Index, world.Log, TimeProvider.System, _ => away);
        for (var time = 0; time < 3; time++)
        {
            var answer = await engine.Search(FeedWorld.Acme, new SearchQuery("words"), RankingOptions.Default, default);
            Assert.Equal("a", Assert.Single(answer.Hits).Citation.Key);
            Assert.Equal("The model does not answer.", answer.Degraded);
        }
        Assert.Equal(1, away.Calls);
    }

    [Fact]
    public async Task An_embedder_that_takes_too_long_is_not_waited_for()
    {
        await Filled(("a", "some words"));
        var engine = new SearchEngine(world.Index, world.Log, TimeProvider.System, _ => new Silent());
        var answer = await engine.Search(FeedWorld.Acme, new SearchQuery("words"), RankingOptions.Default with { EmbedWithin = TimeSpan.FromMilliseconds(5) }, default);
        Assert.Single(answer.Hits);
        Assert.Contains("5 ms", answer.Degraded);
    }

    [Fact]
    public async Task A_question_that_another_model_embeds_is_answered_by_words_and_says_so()
    {
        await Filled(("car", "automobile"));
        var answer = await new SearchEngine(world.Index, world.Log, TimeProvider.System, _ => new Synonyms()).Search(FeedWorld.Acme, new SearchQuery("automobile"), RankingOptions.Default, default);
        Assert.Single(answer.Hits);
        Assert.Contains("sophia-hashed", answer.Degraded);
    }

    private async Task Filled(params (string Key, string Text)[] notes)
    {
        await world.Store([.. notes.Select(n => (n.Key, (string?)$$"""{"note":"{{n.Text}}"}"""))]);
        await world.Follow();
        await Embedded(new Hashed());
    }

    private async Task Embedded(ITextEmbedder embedder)
    {
        var feed = new VectorFeed(FeedWorld.Acme, world.Index, world.Vectors, embedder, world.Options, TimeProvider.System, _ => Task.CompletedTask);
        while ((await feed.Step(new IndexCursor(0, 0), default)).Moved)
        {
        }
    }

    private async Task<SearchAnswer> Search(string text, ITextEmbedder? embedder = null, SearchFilter? filter = null)
    {
        if (embedder is not null)
            await Embedded(embedder);
        return await new SearchEngine(world.Index, world.Log, TimeProvider.System, _ => embedder ?? new Hashed()).Search(FeedWorld.Acme, new SearchQuery(text, 100, filter), RankingOptions.Default, default);
    }

    private sealed class Hashed : ITextEmbedder
    {
        public async Task<EmbeddedTexts> Embed(IReadOnlyList<string> texts, CancellationToken cancellation) =>
            new(HashedEmbedder.Id, [.. (await new HashedEmbedder().GenerateAsync(texts, null, cancellation)).Select(made => made.Vector)]);
    }

    /// <summary>Knows two meanings.</summary>
    private sealed class Synonyms : ITextEmbedder
    {
        public Task<EmbeddedTexts> Embed(IReadOnlyList<string> texts, CancellationToken cancellation) => Task.FromResult(new EmbeddedTexts(
            new EmbedderId("synonyms", 1, 2), [.. texts.Select(text => (ReadOnlyMemory<float>)(text.Contains("vehicle") || text.Contains("automobile") ? new float[] { 1, 0 } : [0, 1]))]));
    }

    private sealed class Away : ITextEmbedder
    {
        public int Calls { get; private set; }

        public Task<EmbeddedTexts> Embed(IReadOnlyList<string> texts, CancellationToken cancellation)
        {
            Calls++;
            throw new RefusedException(RefusalCode.Busy, "The model does not answer.");
        }
    }

    private sealed class Silent : ITextEmbedder
    {
        public Task<EmbeddedTexts> Embed(IReadOnlyList<string> texts, CancellationToken cancellation) => new TaskCompletionSource<EmbeddedTexts>().Task;
    }
}
