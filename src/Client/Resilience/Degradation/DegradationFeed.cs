using System.Runtime.CompilerServices;

namespace Sophia.Resilience;

/// <summary>What counts for a tenant now, then each change of it. Reads this process's copies only.</summary>
internal sealed class DegradationFeed(IFeatures features, TimeProvider time)
{
    /// <summary>How late a change is told: 500 ms.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    public async IAsyncEnumerable<DegradationNews> Read(TenantId tenant, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (OfferedNow? told = null; ; await Task.Delay(LookEvery, time, cancellation))
        {
            var offered = features.Of(tenant);
            if (ReferenceEquals(offered, told))
                continue;
            told = offered;
            yield return DegradationNews.Of(offered);
        }
    }
}
