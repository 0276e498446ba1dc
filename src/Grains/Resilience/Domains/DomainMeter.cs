using System.Diagnostics.Metrics;

namespace Sophia.Resilience;

/// <summary>Nodes that fail and containments, as the process has them in which they are decided. Names no tenant and nothing that a tenant has named.</summary>
internal static class DomainMeter
{
    private static readonly Meter Meter = new("Sophia.Domains");

    private static readonly Counter<long> Changes = Meter.CreateCounter<long>("sophia.domains.changes", "{change}", "Nodes that fail or healed, and containments that were proposed, applied, lifted, declined or withdrawn, by what happened.");

    private static readonly Gauge<int> Failing = Meter.CreateGauge<int>("sophia.domains.failing", "{node}", "Nodes that fail, by kind.");

    private static readonly Gauge<int> Contained = Meter.CreateGauge<int>("sophia.domains.containments", "{containment}", "Containments that are proposed or in force, by phase.");

    private static readonly Gauge<int> Tenants = Meter.CreateGauge<int>("sophia.domains.tenants_hit", "{tenant}", "Tenants that what fails now hits, by how hard.");

    private static readonly DomainKind[] Kinds = [DomainKind.Silo, DomainKind.FrontEnd, DomainKind.Store, DomainKind.Dependency, DomainKind.Source, DomainKind.Queue, DomainKind.Index, DomainKind.Tenant];

    public static void Changed(string what) => Changes.Add(1, new KeyValuePair<string, object?>("what", what));

    public static void Saw(DomainGraph graph, ContainmentState state)
    {
        foreach (var kind in Kinds)
            Failing.Record(state.Failing.Count(failure => graph.Find(failure.Node)?.Kind == kind), new KeyValuePair<string, object?>("kind", kind.ToString().ToLowerInvariant()));
        Contained.Record(state.Containments.Count(one => one.Phase == ContainmentPhase.Proposed), new KeyValuePair<string, object?>("phase", "proposed"));
        Contained.Record(state.Containments.Count(one => one.Holds), new KeyValuePair<string, object?>("phase", "in_force"));
        var radius = BlastRadius.Of(graph, state.Failing.Select(failure => failure.Node));
        foreach (var hit in (DomainHit[])[DomainHit.Fully, DomainHit.Partly])
            Tenants.Record(graph.Nodes.Count(node => node.Kind == DomainKind.Tenant && radius[node.Id] == hit), new KeyValuePair<string, object?>("hit", hit.ToString().ToLowerInvariant()));
    }
}
