namespace Sophia.Resilience;

/// <summary>Failure domains: what depends on what, what fails, whom it hits, and what contains it. A tenant's people see their own part; operators of the system's tenant see everything.</summary>
internal static class DomainEndpoints
{
    public static void MapDomains(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/domains").WithTags("Resilience");
        group.MapGet("/", (HttpContext context, IGrainFactory grains, EdgeOptions edge) => grains.Domains(context.User.Caller(), edge))
            .WithSummary("The graph, what fails and since when, containments (proposed, in force, ended) and the newest changes.");
        group.MapGet("/impact", (string node, HttpContext context, IGrainFactory grains, EdgeOptions edge) => grains.Impact(node, context.User.Caller(), edge))
            .WithSummary("Whom it would hit, or hits, that a node fails: tenants, pipelines, features, fully or partly, each with the way that explains it.");
        Map("approve", ContainmentDecision.Approve, "Has a proposed containment done; confirm repeats the node.");
        Map("decline", ContainmentDecision.Decline, "Says no to a proposed containment; it is not proposed again while the failure lasts.");
        Map("lift", ContainmentDecision.Lift, "Ends a containment.");
        Map("pin", ContainmentDecision.Pin, "Keeps a containment, whatever the rules say, until it is lifted; confirm repeats the node.");

        void Map(string what, ContainmentDecision decision, string summary) =>
            group.MapPost($"/containments/{{id:long}}/{what}", (long id, ContainmentWord word, HttpContext context, IGrainFactory grains, EdgeOptions edge) => grains.Decide(id, decision, word, context.User.Caller(), edge))
                .RequireAuthorization(Roles.Operator).WithSummary($"{summary} Kept durably and audited.");
    }

    public static async Task<DomainsView> Domains(this IGrainFactory grains, Caller caller, EdgeOptions edge)
    {
        using var _ = CallerContext.ForSystem("failure domains");
        return await Grain(grains).View(PartOf(caller, edge));
    }

    /// <exception cref="RefusedException">NotFound: there is no such node, or it is not the caller's.</exception>
    public static async Task<DomainImpact> Impact(this IGrainFactory grains, string node, Caller caller, EdgeOptions edge)
    {
        using var _ = CallerContext.ForSystem("failure domains");
        return await Grain(grains).Impact(node, PartOf(caller, edge)) ?? throw new RefusedException(RefusalCode.NotFound, "There is no such node.");
    }

    private static async Task<ContainmentView> Decide(this IGrainFactory grains, long id, ContainmentDecision decision, ContainmentWord word, Caller caller, EdgeOptions edge)
    {
        using var _ = CallerContext.ForSystem("failure domains");
        var grain = Grain(grains);
        if ((await grain.View(PartOf(caller, edge))).Containments.FirstOrDefault(one => one.Id == id) is not { } known)
            throw new RefusedException(RefusalCode.NotFound, "There is no such containment.");
        if (decision is ContainmentDecision.Approve or ContainmentDecision.Pin && word.Confirm != known.Node)
            throw new RefusedException(RefusalCode.Invalid, "confirm must repeat the node.");
        return await grain.Decide(id, decision, $"{caller.Tenant} {caller.KeyId}", word.Because?.Trim() ?? "", PartOf(caller, edge));
    }

    /// <summary>Null: everything.</summary>
    private static TenantId? PartOf(Caller caller, EdgeOptions edge) => caller.IsSystemOperator(edge.SystemTenant) ? null : caller.Tenant;

    private static IFailureDomainsGrain Grain(IGrainFactory grains) => grains.GetGrain<IFailureDomainsGrain>(TenantKey.System);
}

/// <param name="Because">Why; 1 to 500 characters. It is shown and audited.</param>
/// <param name="Confirm">Of approve and pin: the node once more.</param>
public sealed record ContainmentWord(string? Because = null, string? Confirm = null);
