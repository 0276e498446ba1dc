using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Turns questions into vectors, without ever being what an answer waits for: an embedder that is slow or away is left alone for a while, and words answer.</summary>
internal sealed class QuestionEmbedder(Func<TenantId, ITextEmbedder> embedders, TimeProvider time)
{
    private DateTimeOffset notBefore;
    private string? away;

    /// <summary>The question's vector, or why there is none.</summary>
    public async Task<(EmbeddedTexts? Question, string? Away)> Of(TenantId tenant, string question, RankingOptions options, CancellationToken cancellation)
    {
        if (time.GetUtcNow() < notBefore)
            return (null, away);
        try
        {
            var made = await embedders(tenant).Embed([question], cancellation).WaitAsync(options.EmbedWithin, time, cancellation);
            EmbeddedText.Check(made, 1);
            return (made, null);
        }
        catch (Exception wrong) when (wrong is not RefusedException { Code: RefusalCode.DeadlinePassed } && (wrong is not OperationCanceledException || !cancellation.IsCancellationRequested))
        {
            notBefore = time.GetUtcNow() + options.EmbedAgainAfter;
            away = wrong is TimeoutException ? $"the embedder does not answer within {options.EmbedWithin.TotalMilliseconds:0} ms"
                : wrong is RefusedException ? wrong.Message : $"the embedder failed ({wrong.GetType().Name})";
            return (null, away);
        }
    }
}
