using System.Diagnostics.Metrics;
using Orleans.Runtime;

namespace Sophia.Cluster;

/// <summary>What a silo knows of the cluster, for whoever measures: silos by state, and how many have been seen to end.</summary>
internal sealed class MembershipMeter : IDisposable
{
    private static readonly SiloStatus[] Living = [SiloStatus.Joining, SiloStatus.Active, SiloStatus.ShuttingDown, SiloStatus.Stopping];

    private readonly Meter meter = new("Sophia.Cluster");
    private readonly Counter<long> ended;

    public MembershipMeter(IClusterMembershipService membership)
    {
        ended = meter.CreateCounter<long>("sophia.cluster.silos.ended", "{silo}", "Silos whose end this one has learnt of, by death or by leave.");
        ended.Add(0);
        meter.CreateObservableGauge("sophia.cluster.silos", () => Count(membership.CurrentSnapshot), "{silo}", "Silos by state, as this one sees the membership.");
    }

    public void Ended(int silos) => ended.Add(silos);

    public void Dispose() => meter.Dispose();

    private static IEnumerable<Measurement<int>> Count(ClusterMembershipSnapshot snapshot) => Living.Select(status => new Measurement<int>(
        snapshot.Members.Values.Count(member => member.Status == status), new KeyValuePair<string, object?>("state", status.ToString().ToLowerInvariant())));
}
