namespace Sophia.Resilience;

/// <summary>The graph and what is done about failures, as people are shown them. Pure.</summary>
/// <remarks>Of a tenant's part are its own nodes and the features. Features say how hard they are hit, and not by what: what the installation is made of is nobody's business but its operators'.</remarks>
internal static class DomainViews
{
    private const int MostHits = 500, MostNeeds = 5_000, MostContainments = 100, MostHistory = 100;

    public static DomainsView Of(DomainGraph graph, ContainmentState state, ContainmentOptions options, DateTimeOffset? lookedAt, IReadOnlyList<string> unseen, string? tenant)
    {
        var radius = BlastRadius.Of(graph, state.Failing.Select(failure => failure.Node));
        var failing = state.Failing.Select(failure => failure.Node).ToHashSet(StringComparer.Ordinal);
        var seen = graph.Nodes.Where(node => IsSeen(node, tenant)).ToArray();
        var shown = seen.OrderByDescending(node => failing.Contains(node.Id)).ThenByDescending(node => radius[node.Id]).Take(DomainsView.MostNodes).OrderBy(node => node.Id, StringComparer.Ordinal).ToArray();
        var ids = shown.Select(node => node.Id).ToHashSet(StringComparer.Ordinal);
        return new DomainsView(lookedAt, [.. shown.Select(node => new DomainNodeView(node.Id, node.Kind, node.Name, node.Tenant, radius[node.Id], failing.Contains(node.Id)))],
            [.. graph.Needs.Where(need => ids.Contains(need.From)).Select(need => need with { OneOf = [.. need.OneOf.Where(ids.Contains)] }).Where(need => need.OneOf.Count > 0).Take(MostNeeds)
                .Select(need => new DomainNeedView(need.From, need.OneOf, need.Strength, need.IsDeclared, need.Calls))],
            seen.Length - shown.Length + (tenant is null ? graph.LeftOut : 0), [.. state.Failing.Where(failure => ids.Contains(failure.Node))], tenant is null ? unseen : [],
            [.. state.Containments.Where(one => tenant is null || one.Owner == tenant).OrderByDescending(one => one.IsOpen).ThenByDescending(one => one.Id).Take(MostContainments).Select(one => Of(one, options, tenant is null))],
            [.. state.History.Where(change => tenant is null || change.Tenant == tenant || graph.Find(change.Node)?.Tenant == tenant).Take(MostHistory)]);
    }

    public static ContainmentView Of(Containment one, ContainmentOptions options, bool all) => new(one.Id, one.Rule, one.Strategy, one.Node, Target(one), one.Owner == Tenants.TenantKey.System ? null : one.Owner, one.Phase, one.Since, one.Because,
        one.By, one.ByBecause, one.Phase == ContainmentPhase.Proposed && (all || !one.HitsATenant) ? one.NotByItself : null, ContainmentRules.TryAt(one, options), one.Round, one.IsPinned, one.Note) { Until = one is { IsOpen: true, IsPinned: false } ? one.Until : null };

    public static DomainImpact? Impact(DomainGraph graph, IReadOnlyList<DomainFailure> failing, string id, string? tenant)
    {
        if (graph.Find(id) is not { } node || !IsSeen(node, tenant))
            return null;
        var radius = BlastRadius.Of(graph, [id]);
        var seen = graph.Nodes.Where(one => one.Id != id && IsSeen(one, tenant)).ToArray();
        var hit = seen.Where(one => radius[one.Id] != DomainHit.Not).OrderBy(one => Place(one.Kind)).ThenByDescending(one => radius[one.Id]).ThenBy(one => one.Id, StringComparer.Ordinal);
        return new DomainImpact(id, failing.Any(failure => failure.Node == id), [.. hit.Take(MostHits).Select(one => Hit(graph, radius, one, tenant))],
            [.. seen.GroupBy(one => one.Kind).OrderBy(same => Place(same.Key)).Select(same => new DomainHitCount(same.Key, same.Count(one => radius[one.Id] == DomainHit.Fully), same.Count(one => radius[one.Id] == DomainHit.Partly), same.Count()))
                .Where(count => count.Fully + count.Partly > 0)]);
    }

    private static DomainHitView Hit(DomainGraph graph, BlastRadius radius, DomainNode node, string? tenant)
    {
        var path = radius.Path(node.Id).Where(step => graph.Find(step.Node) is { } found && IsSeen(found, tenant)).ToArray();
        return new DomainHitView(node.Id, node.Kind, node.Name, node.Tenant, radius[node.Id], [.. path.Select(step => step.Node)], Sentence(path));
    }

    private static string Sentence(IReadOnlyList<(string Node, DomainNeed? By)> path)
    {
        var text = new System.Text.StringBuilder(path[0].Node);
        for (var at = 1; at < path.Count; at++)
            text.Append(path[at - 1].By switch
            {
                { Strength: NeedStrength.Hard, OneOf.Count: 1 } => at == 1 ? " needs " : ", which needs ",
                { Strength: NeedStrength.Hard } by => $"{(at == 1 ? " " : ", which ")}needs one of {by.OneOf.Count}: ",
                { IsDeclared: false } => at == 1 ? " was seen to call " : ", which was seen to call ",
                _ => at == 1 ? " uses, and can do without, " : ", which uses, and can do without, ",
            }).Append(path[at].Node);
        return text.ToString();
    }

    private static string Target(Containment one) => one.Strategy switch
    {
        ContainmentStrategy.OpenBreaker or ContainmentStrategy.Reroute => $"the breaker of {one.Name}",
        ContainmentStrategy.QuarantineQueue => $"the queue {one.Name}",
        ContainmentStrategy.IsolateTenant => $"the tenant {one.Owner}",
        _ => one.Owner == Tenants.TenantKey.System ? "what is offered to all" : $"what is offered to {one.Owner}",
    };

    private static bool IsSeen(DomainNode node, string? tenant) => tenant is null || node.Tenant == tenant || node.Kind == DomainKind.Feature;

    private static int Place(DomainKind kind) => kind switch { DomainKind.Tenant => 0, DomainKind.Pipeline => 1, DomainKind.Feature => 2, _ => 3 + (int)kind };
}
