using System.Runtime.CompilerServices;

namespace Sophia.Chat;

/// <summary>Reads a model's words as they come and ties its marks to the passages that it was shown.</summary>
internal sealed class ModelAnswer(IAnswerModel model, AnswerTask task, IReadOnlyList<Passage> passages)
{
    /// <summary>Why there is no answer at all; null where there is one.</summary>
    public AnswerModelException? Unavailable { get; private set; }

    /// <exception cref="AnswerFailedException">The model failed after its first words.</exception>
    public async IAsyncEnumerable<AnswerStep> Steps([EnumeratorCancellation] CancellationToken cancellation)
    {
        var marks = new MarkedText(passages);
        var prompt = new AnswerPrompt(task.Question, [.. passages.Select(p => p.Hit)], task.History);
        await using var pieces = model.Answer(prompt, cancellation).GetAsyncEnumerator(cancellation);
        var spoke = false;
        while (await Next(pieces, spoke) is { } piece)
        {
            if (marks.Add(piece) is not { } said)
                continue;
            spoke = true;
            yield return said;
        }
        if (Unavailable is not null)
            yield break;
        if (marks.End() is { } rest)
            yield return rest;
        yield return new AnswerStep.Flagged(marks.Uncited());
    }

    private async Task<string?> Next(IAsyncEnumerator<string> pieces, bool spoke)
    {
        try
        {
            return await pieces.MoveNextAsync() ? pieces.Current : null;
        }
        catch (AnswerModelException e) when (spoke)
        {
            throw new AnswerFailedException($"{model.Name} stopped in the middle of its answer: {e.Message}", e);
        }
        catch (AnswerModelException e)
        {
            Unavailable = e;
            return null;
        }
    }
}
