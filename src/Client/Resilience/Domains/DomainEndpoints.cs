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
        group.MapPost("/containments", (NewContainment wanted, HttpContext context, IGrainFactory grains, EdgeOptions edge) => grains.Contain(wanted, context.User.Caller(), edge)).RequireAuthorization(Roles.Operator)
            .WithSummary("Contains a node now, whether it fails or not: strategy (isolateTenant, openBreaker, shed, quarantineQueue, reroute; the usual one for the node unless said), because, minutes (60 unless said); confirm repeats the node. It ends by itself, or is lifted. Kept durably and audited.");
        Map("approve", ContainmentDecision.Approve, "Has a proposed containment done.");
        Map("decline", ContainmentDecision.Decline, "Says no to a proposed containment; it is not proposed again while the failure lasts.");
        Map("lift", ContainmentDecision.Lift, "Ends a containment.");
        Map("pin", ContainmentDecision.Pin, "Keeps a containment, whatever the rules say, until it is lifted.");

        void Map(string what, ContainmentDecision decision, string summary) =>
            group.MapPost($"/containments/{{id:long}}/{what}", (long id, ContainmentWord word, HttpContext context, IGrainFactory grains, EdgeOptions edge) => grains.Decide(id, decision, word, context.User.Caller(), edge))
                .RequireAuthorization(Roles.Operator).WithSummary($"{summary} Because says why; confirm repeats the node. Kept durably and audited.");
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

    private static async Task<ContainmentView> Contain(this IGrainFactory grains, NewContainment wanted, Caller caller, EdgeOptions edge)
    {
        using var _ = CallerContext.ForSystem("failure domains");
        if (string.IsNullOrEmpty(wanted.Node) || wanted.Confirm != wanted.Node)
            throw new RefusedException(RefusalCode.Invalid, "node says what, and confirm must repeat it.");
        ContainmentStrategy? strategy = string.IsNullOrEmpty(wanted.Strategy) ? null
            : Enum.TryParse<ContainmentStrategy>(wanted.Strategy, ignoreCase: true, out var known) && Enum.IsDefined(known) && !char.IsAsciiDigit(wanted.Strategy[0]) ? known
            : throw new RefusedException(RefusalCode.Invalid, $"strategy is one of {string.Join(", ", Enum.GetNames<ContainmentStrategy>().Select(name => char.ToLowerInvariant(name[0]) + name[1..]))}.");
        return await Grain(grains).Begin(wanted.Node, strategy, TimeSpan.FromMinutes(Math.Clamp(wanted.Minutes ?? NewContainment.UsualMinutes, 0, 1_000_000)), $"{caller.Tenant} {caller.KeyId}", wanted.Because?.Trim() ?? "", PartOf(caller, edge));
    }

    private static async Task<ContainmentView> Decide(this IGrainFactory grains, long id, ContainmentDecision decision, ContainmentWord word, Caller caller, EdgeOptions edge)
    {
        using var _ = CallerContext.ForSystem("failure domains");
        var grain = Grain(grains);
        if ((await grain.View(PartOf(caller, edge))).Containments.FirstOrDefault(one => one.Id == id) is not { } known)
            throw new RefusedException(RefusalCode.NotFound, "There is no such containment.");
        Confirmation.MustRepeat(word.Confirm, known.Node, "repeat the node");
        return await grain.Decide(id, decision, $"{caller.Tenant} {caller.KeyId}", word.Because?.Trim() ?? "", PartOf(caller, edge));
    }

    /// <summary>Null: everything.</summary>
    private static TenantId? PartOf(Caller caller, EdgeOptions edge) => caller.IsSystemOperator(edge.SystemTenant) ? null : caller.Tenant;

    private static IFailureDomainsGrain Grain(IGrainFactory grains) => grains.GetGrain<IFailureDomainsGrain>(TenantKey.System);
}

/// <param name="Node">What is to be contained: its id, such as tenant/acme or dependency/model; Confirm repeats it.</param>
/// <param name="Strategy">isolateTenant, openBreaker, shed, quarantineQueue or reroute; the usual one for the node unless said.</param>
/// <param name="Because">Why; 1 to 500 characters. It is shown and audited.</param>
/// <param name="Minutes">Until it ends by itself; 60 unless said, from 1 to 1,440.</param>
public sealed record NewContainment(string? Node, string? Strategy = null, string? Because = null, int? Minutes = null, string? Confirm = null)
{
    public const int UsualMinutes = 60;
}

/// <param name="Because">Why; 1 to 500 characters. It is shown and audited.</param>
/// <param name="Confirm">The node once more.</param>
public sealed record ContainmentWord(string? Because = null, string? Confirm = null);
