using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>A search's turns among its tenant's work, one after the other, and how long it waited for them together.</summary>
internal sealed class SearchPlace(IBulkheads? bulkheads, TenantId tenant, TimeProvider time)
{
    /// <summary>Zero where every place was free at once.</summary>
    public TimeSpan Waited { get; private set; }

    /// <summary>A place; none may be held already.</summary>
    public async ValueTask<BulkheadPlace> Enter(CancellationToken cancellation)
    {
        if (bulkheads is null)
            return default;
        var began = time.GetTimestamp();
        var entering = bulkheads.Enter(tenant, BulkheadKind.Work, cancellation);
        var atOnce = entering.IsCompleted;
        var place = await entering;
        if (!atOnce)
            Waited += time.GetElapsedTime(began);
        return place;
    }
}
