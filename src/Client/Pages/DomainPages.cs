namespace Sophia.Pages;

/// <summary>The page of failure domains: everything for operators of the system's tenant, their own part for others.</summary>
internal static class DomainPages
{
    public static void MapDomainPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/domains", Whole);
        pages.MapGet("/pages/domains", Live);
    }

    private static async Task<IResult> Whole(HttpContext context, IGrainFactory grains, EdgeOptions edge, string? node = null) => PageEndpoints.Page<DomainsPage>(new()
    {
        [nameof(DomainsPage.Tenant)] = context.User.Caller().Tenant.Value,
        [nameof(DomainsPage.View)] = await grains.Domains(context.User.Caller(), edge),
        [nameof(DomainsPage.Impact)] = PageEndpoints.Given(node) is { } id ? await grains.Impact(id, context.User.Caller(), edge) : null,
        [nameof(DomainsPage.SeesAll)] = context.User.Caller().IsSystemOperator(edge.SystemTenant),
    });

    private static async Task<IResult> Live(HttpContext context, IGrainFactory grains, EdgeOptions edge) => PageEndpoints.Page<DomainsLive>(new()
    {
        [nameof(DomainsLive.View)] = await grains.Domains(context.User.Caller(), edge),
        [nameof(DomainsLive.SeesAll)] = context.User.Caller().IsSystemOperator(edge.SystemTenant),
    });
}

/// <summary>Failure domains in words.</summary>
internal static class DomainWords
{
    public static string Of(DomainKind kind) => kind switch { DomainKind.FrontEnd => "front end", DomainKind.Dependency => "dependency", DomainKind.Index => "index", DomainKind.Part => "part", _ => kind.ToString().ToLowerInvariant() };

    public static string Many(DomainKind kind, int count) => count == 1 ? Of(kind) : kind switch { DomainKind.Dependency => "dependencies", DomainKind.Index => "indexes", _ => $"{Of(kind)}s" };

    public static string State(DomainNodeView node) => node.IsFailing ? "fails" : State(node.Hit);

    public static string State(DomainHit hit) => hit switch { DomainHit.Fully => "hit fully", DomainHit.Partly => "hit partly", _ => "well" };

    public static string Of(ContainmentStrategy strategy) => strategy switch
    {
        ContainmentStrategy.IsolateTenant => "Isolate the tenant",
        ContainmentStrategy.OpenBreaker => "Leave it alone",
        ContainmentStrategy.Shed => "Offer less",
        ContainmentStrategy.QuarantineQueue => "Hold the queue",
        ContainmentStrategy.Reroute => "Use the other one",
        _ => "Contain it",
    };

    public static string Means(ContainmentStrategy strategy, string target) => strategy switch
    {
        ContainmentStrategy.IsolateTenant => $"{target}: its queues give nothing out and it is offered what an emergency offers. Its records are taken, its people sign in.",
        ContainmentStrategy.OpenBreaker => $"{target} lets nobody through until it is tried again.",
        ContainmentStrategy.Reroute => $"{target} lets nobody through until it is tried again; the other one does its work.",
        ContainmentStrategy.QuarantineQueue => $"{target} takes work in and gives none out until it is tried again.",
        _ => $"{target} is the level “minimal” until the failure is over.",
    };

    public static string Of(ContainmentPhase phase) => phase switch { ContainmentPhase.Applied => "in force", ContainmentPhase.Applying => "being applied", ContainmentPhase.Lifting => "being lifted", _ => phase.ToString().ToLowerInvariant() };
}
