using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Sophia.Chat;

/// <summary>Says what the test tells it to say, when the test says so.</summary>
internal sealed class ScriptedAnswerer : IAnswerer
{
    private Channel<AnswerStep> steps = Channel.CreateBounded<AnswerStep>(1_000);

    public List<AnswerTask> Asked { get; } = [];

    public void Say(string text, params ChatSource[] sources) => steps.Writer.TryWrite(new AnswerStep.Said(text, sources));

    public void Begin(string by = "script") => steps.Writer.TryWrite(new AnswerStep.Began(by));

    public void End() => steps.Writer.Complete();

    public void Break(Exception e) => steps.Writer.Complete(e);

    public void Again() => steps = Channel.CreateBounded<AnswerStep>(1_000);

    public async IAsyncEnumerable<AnswerStep> Answer(AnswerTask task, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Asked.Add(task);
        var mine = steps;
        while (await mine.Reader.WaitToReadAsync(cancellation))
            while (mine.Reader.TryRead(out var step))
                yield return step;
    }
}
