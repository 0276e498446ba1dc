using System.Runtime.CompilerServices;
using Sophia.Operations;
using Sophia.Resilience;

namespace Sophia.Chat;

/// <summary>Begins an answer when its tenant has a place for it: one that asks without end waits for itself.</summary>
internal sealed class AnswererInTurn(IAnswerer answerer, IBulkheads bulkheads) : IAnswerer
{
    public async IAsyncEnumerable<AnswerStep> Answer(AnswerTask task, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var place = await Place(task, cancellation);
        await foreach (var step in answerer.Answer(task, cancellation))
            yield return step;
    }

    private async ValueTask<BulkheadPlace> Place(AnswerTask task, CancellationToken cancellation)
    {
        try
        {
            return await bulkheads.Enter(task.Tenant, BulkheadKind.Ask, cancellation);
        }
        catch (RefusedException refused)
        {
            throw new AnswerFailedException(refused.Message, refused);
        }
    }
}
