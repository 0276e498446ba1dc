using System.Runtime.CompilerServices;
using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Chat;

/// <summary>Begins an answer when its tenant has a place for it: one that asks without end waits for itself.</summary>
internal sealed class AnswererInTurn(IAnswerer answerer, IBulkheads bulkheads, TimeProvider time) : IAnswerer
{
    public async IAsyncEnumerable<AnswerStep> Answer(AnswerTask task, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var turn = task.Turn ?? Turn(task.Tenant);
        await Come(turn, cancellation);
        await foreach (var step in answerer.Answer(task, cancellation))
            yield return step;
    }

    // An answer that a crash cut off has no place yet.
    private AnswerTurn Turn(TenantId tenant)
    {
        try
        {
            return new AnswerTurn(bulkheads, tenant, time);
        }
        catch (RefusedException refused)
        {
            throw new AnswerFailedException(refused.Message, refused);
        }
    }

    private static async Task Come(AnswerTurn turn, CancellationToken cancellation)
    {
        try
        {
            await turn.Come(cancellation);
        }
        catch (RefusedException refused)
        {
            throw new AnswerFailedException(refused.Message, refused);
        }
    }
}
