using Sophia.Operations;

namespace Sophia.Knowledge;

/// <summary>A call whose texts wait or are under way. Its vectors come from several requests, in any order.</summary>
internal sealed class EmbeddingAsk(IReadOnlyList<string> texts, long at)
{
    /// <summary>Reasons that a refusal lists; more are only counted.</summary>
    private const int ReasonsListed = 20;

    private readonly TaskCompletionSource<EmbeddedTexts> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ReadOnlyMemory<float>[] vectors = new ReadOnlyMemory<float>[texts.Count];
    private readonly SortedDictionary<int, string> refused = [];
    private EmbedderId? embedder;
    private int missing = texts.Count;

    public IReadOnlyList<string> Texts => texts;

    /// <summary>When it came, as a timestamp.</summary>
    public long At => at;

    public Task<EmbeddedTexts> Answer => answer.Task;

    /// <summary>Whether nobody waits for it any more.</summary>
    public bool IsOver => answer.Task.IsCompleted;

    public void Give(int place, EmbedderId maker, ReadOnlyMemory<float> vector)
    {
        lock (refused)
        {
            vectors[place] = vector;
            if (embedder is not null && embedder != maker)
                answer.TrySetException(new RefusedException(RefusalCode.Busy, $"The model changed from {embedder} to {maker} during the call."));
            embedder = maker;
            CountDown();
        }
    }

    public void Refuse(int place, string reason)
    {
        lock (refused)
        {
            refused[place] = reason;
            CountDown();
        }
    }

    public void Fail(Exception failure) => answer.TrySetException(failure);

    public void GiveUp(CancellationToken cancellation) => answer.TrySetCanceled(cancellation);

    private void CountDown()
    {
        if (--missing > 0)
            return;
        if (refused.Count == 0)
            answer.TrySetResult(new EmbeddedTexts(embedder!, vectors));
        else
            answer.TrySetException(new RefusedException(RefusalCode.Invalid, $"The model made no vector for {refused.Count} of {texts.Count} texts.",
                refused.Take(ReasonsListed).Select(reason => $"text {reason.Key}: {reason.Value}").ToArray()));
    }
}
