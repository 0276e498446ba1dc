using Sophia.Log;
using Sophia.Operations;

namespace Sophia.Knowledge;

/// <summary>Vectors follow the passages, whatever the model does.</summary>
public sealed class VectorFeedTests : IAsyncDisposable
{
    private static readonly IndexCursor Start = new(0, 0);
    private readonly FeedWorld world = new();
    private readonly Model model = new();

    public async ValueTask DisposeAsync() => await world.DisposeAsync();

    [Fact]
    public async Task Every_passage_gets_a_vector_and_the_first_embedder_answers_from_the_first_batch_on()
    {
        world.Options.EmbedTexts = 2;
        await Indexed("a", "b", "c");
        var feed = Feed();
        Assert.True((await feed.Step(Start, default)).Moved);
        Assert.Equal((model.Id, 2L), await State() is var half ? (half.Answering!, half.Vectors[model.Id]) : default);
        Assert.Equal(new IndexCursor(3, 1), await Follow(feed));
        Assert.Equal(3, await feed.Head(Start, default));
    }

    [Fact]
    public async Task Without_passages_no_model_is_asked()
    {
        await Follow(Feed());
        Assert.Equal(0, model.Calls);
    }

    [Fact]
    public async Task A_model_that_is_away_is_nobodys_fault_and_nothing_is_given_up()
    {
        await Indexed("a", "b");
        model.Answer = _ => throw new RefusedException(RefusalCode.Busy, "The model does not answer.");
        await Assert.ThrowsAsync<RefusedException>(() => Feed().Step(Start, default));
        model.Answer = _ => throw new TimeoutException();
        await Assert.ThrowsAsync<TimeoutException>(() => Feed().Step(Start, default));
        Assert.Empty(world.PutAside);
        model.Answer = null;
        await Follow(Feed());
        Assert.Equal(2, (await State()).Vectors[model.Id]);
    }

    [Fact]
    public async Task A_model_that_refuses_everything_is_away_too()
    {
        await Indexed("a", "b");
        model.Answer = _ => throw new RefusedException(RefusalCode.Invalid, "No such model.");
        await Assert.ThrowsAsync<RefusedException>(() => Feed().Step(Start, default));
        Assert.Empty(world.PutAside);
    }

    [Fact]
    public async Task A_text_that_the_model_refuses_is_put_aside_after_three_attempts_and_the_rest_goes_on()
    {
        await Indexed("a", "poison", "b");
        model.Answer = text => text.Contains("poison") ? throw new InvalidOperationException("no good") : null;
        await Follow(Feed());
        var letter = Assert.Single(world.PutAside);
        Assert.Equal(("poison", "notes"), (letter.Key, letter.Stream));
        Assert.Contains("no good", letter.Reason);
        Assert.Equal(3, model.Texts.Count(text => text.Contains("poison")) - 1);
        Assert.Equal(3, (await State()).Vectors[model.Id]);
    }

    [Fact]
    public async Task A_vector_that_is_none_counts_as_refused()
    {
        await Indexed("a", "poison");
        model.Answer = text => text.Contains("poison") ? [float.NaN, 0] : null;
        await Follow(Feed());
        Assert.Equal("poison", Assert.Single(world.PutAside).Key);
    }

    [Fact]
    public async Task Another_model_is_built_beside_and_swapped_in_when_it_is_complete()
    {
        world.Options.EmbedTexts = 1;
        await Indexed("a", "b");
        await Follow(Feed());
        var old = model.Id;
        model.Id = new EmbedderId("better", 1, 2);
        var feed = Feed();
        await feed.Step(Start, default);
        Assert.Equal((old, 2), await State() is var both ? (both.Answering!, both.Vectors.Count) : default);
        await Follow(feed);
        Assert.Equal((model.Id, model.Id), await State() is var swapped ? (swapped.Answering!, Assert.Single(swapped.Vectors).Key) : default);
    }

    [Fact]
    public async Task A_changed_record_gets_a_new_vector_and_a_deleted_one_none()
    {
        await Indexed("a", "b");
        await Follow(Feed());
        await world.Store(("a", """{"note":"a again"}"""), ("b", null));
        await world.Follow();
        await Follow(Feed());
        Assert.Equal((1L, 1L), await State() is var state ? (state.Chunks, state.Vectors[model.Id]) : default);
        Assert.Contains("a again", model.Texts[^1]);
    }

    [Fact]
    public async Task Vectors_alone_are_not_rebuilt() =>
        Assert.Equal(RefusalCode.Invalid, (await Assert.ThrowsAsync<RefusedException>(() => Feed().Restart(default))).Code);

    private VectorFeed Feed() => new(FeedWorld.Acme, world.Index, world.Vectors, model, world.Options, TimeProvider.System, letter =>
    {
        world.PutAside.Add(letter);
        return Task.CompletedTask;
    });

    private async Task Indexed(params string[] keys)
    {
        await world.Store([.. keys.Select(key => (key, (string?)$$"""{"note":"{{key}}"}"""))]);
        await world.Follow();
    }

    private static async Task<IndexCursor> Follow(VectorFeed feed)
    {
        var step = await feed.Step(Start, default);
        while (step.Moved)
            step = await feed.Step(step.Cursor, default);
        return step.Cursor;
    }

    private Task<VectorState> State() => world.Vectors.State(FeedWorld.Acme, default);

    private sealed class Model : ITextEmbedder
    {
        public EmbedderId Id { get; set; } = new("good", 1, 2);

        /// <summary>What becomes of a text; null or nothing: a vector.</summary>
        public Func<string, float[]?>? Answer { get; set; }

        public int Calls { get; private set; }

        public List<string> Texts { get; } = [];

        public Task<EmbeddedTexts> Embed(IReadOnlyList<string> texts, CancellationToken cancellation)
        {
            Calls++;
            Texts.AddRange(texts);
            return Task.FromResult(new EmbeddedTexts(Id, [.. texts.Select(text => (ReadOnlyMemory<float>)(Answer?.Invoke(text) ?? [1, 0]))]));
        }
    }
}
