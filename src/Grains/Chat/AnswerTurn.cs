using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Chat;

/// <summary>One answer's place among those of its tenant: in line before the question is stored, so that whoever is refused has stored nothing. Disposed, it is free for the next in turn.</summary>
internal sealed class AnswerTurn : IDisposable
{
    private readonly CancellationTokenSource leaving = new();
    private readonly Task<BulkheadPlace> place;
    private readonly TimeProvider time;

    /// <exception cref="RefusedException">Busy: as many wait as may.</exception>
    public AnswerTurn(IBulkheads bulkheads, TenantId tenant, TimeProvider time)
    {
        this.time = time;
        place = bulkheads.Enter(tenant, BulkheadKind.Ask, leaving.Token).AsTask();
        if (place.IsFaulted)
            place.GetAwaiter().GetResult();
    }

    /// <exception cref="RefusedException">Busy: no place came free in time.</exception>
    public Task Come(CancellationToken cancellation) => place.WaitAsync(Timeout.InfiniteTimeSpan, time, cancellation);

    public void Dispose()
    {
        leaving.Cancel();
        _ = Leave();
    }

    private async Task Leave()
    {
        try
        {
            (await place).Dispose();
        }
        catch (Exception gone) when (gone is RefusedException or OperationCanceledException)
        {
            // It never came.
        }
    }
}
