using Sophia.Knowledge;
using Sophia.Operations;
using Sophia.Resilience;

namespace Sophia.Chat;

/// <summary>Turns the steps of an answer into few events: pieces are put together, everything is appended before it counts as said, and there is one end.</summary>
internal sealed class AnswerRun(IAnswerer answerer, AnswerTask task, Func<IReadOnlyList<AnswerEvent>, Task> append, TimeProvider time)
{
    public static readonly string TooSlow = $"The answer took longer than {ChatLimits.AnswerTime.TotalSeconds} seconds and was ended.";

    private const string Unawaited = "The time that its asker gave is over, and nothing more is done for this answer.";

    private readonly AnswerGroup group = new(time);
    private readonly long began = time.GetTimestamp();
    private IReadOnlyList<TextSpan>? uncited;
    private string? degraded;
    private string? stale;
    private AnswerStep.Unanswered? unanswered;
    private bool hasSpoken;

    /// <summary>Ends with one of Done, Failed or Stopped, unless the conversation closes or the append fails.</summary>
    public async Task Run(CancellationToken stop, CancellationToken close)
    {
        var asker = Deadline.Left(time) is { } left && left < ChatLimits.AnswerTime ? left : (TimeSpan?)null;
        using var deadline = new CancellationTokenSource(asker is { } within ? within > TimeSpan.Zero ? within : TimeSpan.Zero : ChatLimits.AnswerTime, time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stop, close);
        AnswerEvent end;
        try
        {
            await Steps(any);
            end = new AnswerEvent(ChatEventKind.Done, group.Answer, group.Sources, uncited is { Count: > 0 } ? uncited : null, degraded, stale)
            {
                Unanswered = unanswered?.Why, Near = unanswered is { Near.Count: > 0 } none ? none.Near : null,
            };
        }
        catch (AnswerFailedException e)
        {
            end = new AnswerEvent(ChatEventKind.Failed, e.Message);
        }
        catch (RefusedException refused) when (!close.IsCancellationRequested)
        {
            // A search that was given no place or no more time is an end like others, and nothing of ours has failed.
            end = new AnswerEvent(ChatEventKind.Failed, refused.Message);
        }
        catch (OperationCanceledException) when (any.IsCancellationRequested)
        {
            if (close.IsCancellationRequested)
                return;
            end = stop.IsCancellationRequested ? new AnswerEvent(ChatEventKind.Stopped, "") : new AnswerEvent(ChatEventKind.Failed, asker is null ? TooSlow : Unawaited);
        }
        await append(group.Take() is { } rest ? [AnswerEvent.Of(rest), end] : [end]);
        if (group.Answer.Length > 0)
            Spoke();
        ChatMeter.Answered(end.Kind, time.GetElapsedTime(began));
    }

    private async Task Steps(CancellationTokenSource any)
    {
        var steps = answerer.Answer(task, any.Token).GetAsyncEnumerator(any.Token);
        var next = steps.MoveNextAsync().AsTask();
        try
        {
            while (true)
            {
                if (group.Due is { } due)
                    await Task.WhenAny(next, due);
                if (group.Full || (group.Due is { IsCompleted: true } && !next.IsCompleted))
                    await Flush();
                else if (!await next)
                    return;
                else if (await Take(steps.Current))
                    return;
                else
                    next = steps.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            // An iterator may only be disposed between two steps.
            if (!next.IsCompleted)
                await any.CancelAsync();
            await Task.WhenAny(next);
            await steps.DisposeAsync();
        }
    }

    /// <summary>Returns true when the answer is as long as it may be.</summary>
    private async Task<bool> Take(AnswerStep step)
    {
        switch (step)
        {
            case AnswerStep.Began began:
                await append([new AnswerEvent(ChatEventKind.Started, began.By)]);
                break;
            case AnswerStep.Said said:
                group.Add(said);
                break;
            case AnswerStep.Degraded found:
                degraded = found.Why;
                break;
            case AnswerStep.Remembered remembered:
                stale = remembered.Why;
                break;
            case AnswerStep.Unanswered none:
                unanswered = none;
                break;
            case AnswerStep.Flagged flagged:
                uncited = flagged.Uncited;
                break;
        }
        return group.Cut;
    }

    private async Task Flush()
    {
        if (group.Take() is not { } said)
            return;
        await append([AnswerEvent.Of(said)]);
        Spoke();
    }

    private void Spoke()
    {
        if (!hasSpoken)
            ChatMeter.FirstWordsCame(time.GetElapsedTime(began));
        hasSpoken = true;
    }
}

/// <summary>An event of an answer before it has a number.</summary>
internal sealed record AnswerEvent(ChatEventKind Kind, string Text, IReadOnlyList<ChatSource>? Sources = null, IReadOnlyList<TextSpan>? Uncited = null, string? Degraded = null, string? Stale = null)
{
    public NoAnswer? Unanswered { get; init; }

    public IReadOnlyList<ChatSource>? Near { get; init; }

    public static AnswerEvent Of(AnswerStep.Said said) => new(ChatEventKind.Text, said.Text, said.Sources);
}
