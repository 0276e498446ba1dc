using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Makes the graph from what is declared, what the watch saw, and what processes reported. Pure.</summary>
internal static class DomainGraphs
{
    /// <summary>Features without which a tenant has nothing.</summary>
    private static readonly string[] TenantsNeed = [DomainIds.Ingest, DomainIds.SignIn];

    public static DomainGraph Of(DomainTopology topology, DomainMemory memory, IReadOnlyCollection<ProcessReport> reports)
    {
        var (nodes, needs) = ShippedDomains.Of(topology) is var shipped ? (shipped.Nodes.ToList(), shipped.Needs.ToList()) : default;
        Processes(nodes, needs, memory, reports);
        if (memory.System is { } system)
            foreach (var breaker in system.Breakers)
                nodes.Add(DomainIds.Node(DomainKind.Dependency, breaker.Name));
        var features = nodes.Where(node => node.Kind == DomainKind.Feature).Select(node => node.Id).ToArray();
        foreach (var tenant in memory.Tenants)
        {
            nodes.Add(new DomainNode(DomainIds.Tenant(tenant), DomainKind.Tenant, tenant, tenant));
            foreach (var feature in features)
                needs.Add(new DomainNeed(DomainIds.Tenant(tenant), [feature], TenantsNeed.Contains(feature, StringComparer.Ordinal) ? NeedStrength.Hard : NeedStrength.Soft));
        }
        foreach (var owner in memory.Owners.Values)
            OfTenant(nodes, needs, topology, owner);
        Observed(nodes, needs, topology, memory, reports);
        return new DomainGraph(nodes, needs);
    }

    private static void Processes(List<DomainNode> nodes, List<DomainNeed> needs, DomainMemory memory, IReadOnlyCollection<ProcessReport> reports)
    {
        var silos = memory.Silos.Select(silo => DomainIds.Node(DomainKind.Silo, silo.Name)).ToArray();
        var fronts = reports.Where(report => report.Role == ProcessRole.FrontEnd).Select(report => DomainIds.Node(DomainKind.FrontEnd, report.Name)).ToArray();
        nodes.AddRange([.. silos, .. fronts]);
        if (silos.Length > 0)
            needs.Add(new DomainNeed(DomainIds.Silos, [.. silos.Select(silo => silo.Id).Distinct(StringComparer.Ordinal)], NeedStrength.Hard));
        // Where one process is both, its front end stands and falls with it.
        needs.Add(new DomainNeed(DomainIds.FrontEnds, fronts.Length > 0 ? [.. fronts.Select(front => front.Id).Distinct(StringComparer.Ordinal)] : [DomainIds.Silos], NeedStrength.Hard));
    }

    private static void OfTenant(List<DomainNode> nodes, List<DomainNeed> needs, DomainTopology topology, OwnerSight seen)
    {
        var (owner, tenant, own) = (DomainIds.Tenant(seen.Owner), seen.Owner, new HashSet<string>(StringComparer.Ordinal));
        foreach (var queue in seen.Queues)
            Own(DomainKind.Queue, queue.Name, DomainIds.Log);
        foreach (var breaker in seen.Breakers)
            Own(DomainKind.Dependency, breaker.Name);
        var index = Own(DomainKind.Index, "records", DomainIds.Index);
        if (topology.Embedding is not null)
            needs.Add(new DomainNeed(index, [DomainIds.Of(DomainKind.Dependency, DomainTopology.EmbeddingName), .. topology.EmbeddingSecondary is null ? [] : (string[])[DomainIds.Of(DomainKind.Dependency, DomainTopology.EmbeddingSecondaryName)]], NeedStrength.Soft));
        foreach (var pipeline in seen.Pipelines)
        {
            var id = Own(DomainKind.Pipeline, pipeline.Name, DomainIds.Ingest);
            var types = pipeline.Sources.Distinct().GroupBy(source => source.Type, StringComparer.Ordinal).ToArray();
            foreach (var type in types)
                // Of several sources each brings a part.
                needs.Add(new DomainNeed(id, [OfPipeline(pipeline.Name, type.Key, [.. type])], types.Length == 1 ? NeedStrength.Hard : NeedStrength.Soft));
            needs.Add(new DomainNeed(id, [DomainIds.Of(DomainKind.Feature, Feature.DataTransformations)], NeedStrength.Soft));
        }
        foreach (var source in seen.Sources) // Reported of a pipeline that is gone, or is not among those that were looked at.
            Own(DomainKind.Source, source.Name);

        // Health reports speak of a pipeline's own source of a type, and of the type where many say the same; a breaker of what stands behind it.
        string OfPipeline(string pipeline, string type, SourceSight[] sources)
        {
            var node = Own(DomainKind.Source, HealthMerge.SourceName(type, pipeline), Type(type));
            needs.AddRange(sources.Where(source => source.Breaker is not null).Select(source => new DomainNeed(node, [Source(source)], sources.Length == 1 ? NeedStrength.Hard : NeedStrength.Soft)));
            return node;
        }

        string Type(string type)
        {
            var ofAll = DomainIds.Node(DomainKind.Source, type);
            nodes.Add(ofAll);
            return Own(DomainKind.Source, type, ofAll.Id);
        }

        string Source(SourceSight source)
        {
            var type = Type(source.Type);
            return source.Breaker is not { } breaker ? type : Own(DomainKind.Source, DomainIds.OfSource(source.Type, breaker), type, Own(DomainKind.Dependency, breaker));
        }

        string Own(DomainKind kind, string name, params string[] hard)
        {
            var node = DomainIds.Node(kind, name, tenant);
            if (!own.Add(node.Id))
                return node.Id;
            nodes.Add(node);
            needs.Add(new DomainNeed(owner, [node.Id], NeedStrength.Soft));
            needs.AddRange(hard.Select(one => new DomainNeed(node.Id, [one], NeedStrength.Hard)));
            return node.Id;
        }
    }

    /// <summary>What was seen to be called: by breakers, and at addresses. A process is not hit by what it calls; a tenant is, partly.</summary>
    private static void Observed(List<DomainNode> nodes, List<DomainNeed> needs, DomainTopology topology, DomainMemory memory, IReadOnlyCollection<ProcessReport> reports)
    {
        var (known, calls) = (topology.Addresses.ToLookup(one => one.Address, one => DomainIds.Of(DomainKind.Dependency, one.Name), StringComparer.Ordinal), new SortedDictionary<string, (string From, string To, long Calls)>(StringComparer.Ordinal));
        var processes = reports.ToDictionary(report => report.Name, report => DomainIds.Of(report.Role == ProcessRole.FrontEnd ? DomainKind.FrontEnd : DomainKind.Silo, report.Name), StringComparer.Ordinal);
        foreach (var owner in memory.Owners.Values.Append(memory.System).OfType<OwnerSight>())
            foreach (var breaker in owner.Breakers)
                foreach (var process in breaker.Calls.Where(process => process.Calls > 0))
                    Add(processes.GetValueOrDefault(process.Process) ?? DomainIds.Of(DomainKind.Silo, process.Process), DomainIds.Of(DomainKind.Dependency, owner.Owner, breaker.Name), process.Calls);
        foreach (var report in reports)
            foreach (var seen in report.Calls)
            {
                var isKnown = known[seen.Host].FirstOrDefault();
                var node = seen.Tenant is { } tenant ? DomainIds.Node(DomainKind.Host, seen.Host, tenant) : DomainIds.Node(DomainKind.Host, seen.Host);
                if (isKnown is null)
                    nodes.Add(node);
                Add(processes[report.Name], isKnown ?? node.Id, seen.Calls);
                if (seen.Tenant is { } of)
                    Add(DomainIds.Tenant(of), isKnown ?? node.Id, seen.Calls);
            }
        foreach (var (from, to, count) in calls.Values)
            needs.Add(new DomainNeed(from, [to], from.StartsWith("tenant/", StringComparison.Ordinal) ? NeedStrength.Soft : NeedStrength.Uses, IsDeclared: false, count));

        void Add(string from, string to, long count) => calls[$"{from}\n{to}"] = (from, to, calls.GetValueOrDefault($"{from}\n{to}").Calls + count);
    }
}
