using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>What is remembered of a tenant's records beside its stores: in every process, in what they share, and as answers that are kept for requests that are repeated. Forgotten as a whole, because nothing of it says which records it was made of.</summary>
internal sealed class ErasureCopies(TenantId tenant, Func<Task> tell, ITenantGate gate, IEnumerable<ITenantMemory> memories, IIdempotencyStore answers, TimeProvider time)
{
    /// <summary>Kept answers that are looked at in one transaction.</summary>
    public const int AnswersAtOnce = 200;

    /// <summary>Returns once no process that hears of it has any of it. May be done twice.</summary>
    /// <exception cref="StorageException">What the processes share does not answer.</exception>
    public async Task Forget(CancellationToken cancellation)
    {
        await tell();
        await gate.Refresh();
        if (memories.Where(memory => memory.IsCopy).ToList() is { Count: > 0 } shared)
        {
            // Until the last process has heard of it one may still share what it was loading.
            await Task.Delay(ITenantGate.HoldsWithin, time, cancellation);
            foreach (var memory in shared)
                await memory.Erase(tenant, cancellation);
        }
        string? after = null;
        do
            after = await answers.Forget(tenant, after, AnswersAtOnce, cancellation);
        while (after is not null);
    }
}
