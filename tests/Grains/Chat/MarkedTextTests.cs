using FsCheck;
using FsCheck.Fluent;
using Sophia.Knowledge;

namespace Sophia.Chat;

// Goal: a model's marks become sources or vanish, however the stream is cut. Method: one text, every way of cutting it.
public sealed class MarkedTextTests
{
    private const string Fact = "Ann Lee owns Acme. Acme buys seats.";

    [Fact]
    public void A_mark_names_the_sentence_that_it_most_likely_means()
    {
        var (text, sources, _) = Read("Seats are bought by Acme [1].");
        Assert.Equal("Seats are bought by Acme [1].", text);
        Assert.Equal("Acme buys seats.", Assert.Single(sources).Quote);
    }

    [Theory]
    [InlineData("Ann owns it [1].", "Ann owns it [1].", 0)]
    [InlineData("Ann owns it [7].", "Ann owns it.", 1)]
    [InlineData("Ann owns it [1, 7, 2].", "Ann owns it [1][2].", 0)]
    [InlineData("Ann owns it. [1] The moon is cheese.", "Ann owns it. [1] The moon is cheese.", 1)]
    [InlineData("All [of] it. [x", "All [of] it. [x", 2)]
    [InlineData("Array a[0] is [2].", "Array a is [2].", 0)]
    public void Marks_without_a_passage_are_dropped_and_sentences_without_a_mark_are_flagged(string said, string shown, int uncited)
    {
        var (text, _, flagged) = Read(said);
        Assert.Equal(shown, text);
        Assert.Equal(uncited, flagged.Count);
    }

    [Fact]
    public void The_same_is_shown_however_the_stream_is_cut()
    {
        const string said = "Ann owns it [1]. Others [9] say [1, 2]. So it is. [2] Done [";
        var whole = Read(said).Text;
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(500),
            Prop.ForAll(Gen.ListOf(Gen.Choose(0, said.Length)).ToArbitrary(), cuts =>
            {
                int[] at = [0, .. cuts.Order(), said.Length];
                return Read([.. at.Zip(at.Skip(1), (a, b) => said[a..b])]).Text == whole;
            }));
    }

    [Fact]
    public async Task A_model_that_dies_before_a_word_leaves_the_answer_to_another_and_after_one_fails()
    {
        var silent = new ModelAnswer(new DyingModel([]), Task, Passages);
        Assert.Empty(await All(silent));
        Assert.NotNull(silent.Unavailable);
        var heard = new ModelAnswer(new DyingModel(["Ann "]), Task, Passages);
        await Assert.ThrowsAsync<AnswerFailedException>(() => All(heard));
    }

    private static AnswerTask Task => new(ChatBench.Tenant, "q", null, []);

    private static Passage[] Passages => [.. Enumerable.Range(1, 2).Select(n => new Passage(n, 1, new SearchHit(1, n, new Citation("s", $"k{n}", 1, [new FieldSpan("text", 0, Fact.Length)]), ChunkKind.Section, "T", Fact, [], null, [], null), [new PassagePiece("text", 0, Fact, null, null)]))];

    private static async Task<List<AnswerStep>> All(ModelAnswer answer)
    {
        var steps = new List<AnswerStep>();
        await foreach (var step in answer.Steps(default))
            steps.Add(step);
        return steps;
    }

    private static (string Text, List<ChatSource> Sources, IReadOnlyList<TextSpan> Uncited) Read(params string[] pieces)
    {
        var marks = new MarkedText(Passages);
        List<AnswerStep.Said> said = [.. pieces.Select(marks.Add).OfType<AnswerStep.Said>()];
        if (marks.End() is { } rest)
            said.Add(rest);
        return (string.Concat(said.Select(s => s.Text)), [.. said.SelectMany(s => s.Sources)], marks.Uncited());
    }

    private sealed class DyingModel(string[] words) : IAnswerModel
    {
        public string Name => "dying";

        public async IAsyncEnumerable<string> Answer(AnswerPrompt prompt, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
        {
            foreach (var word in words)
                yield return word;
            await System.Threading.Tasks.Task.CompletedTask;
            throw new AnswerModelException("gone");
        }
    }
}
