namespace Sophia.Resilience;

/// <summary>How Sophia calls what it depends on, and what each tenant may do at a time: the caller's own, and for operators of the system's tenant the installation's.</summary>
internal static class PolicyEndpoints
{
    public static void MapPolicies(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/policies", List).RequireAuthorization(Roles.Viewer).WithTags("Resilience")
            .WithSummary("Policies and bulkheads of the caller's tenant that were used within minutes: rule, budget left, attempts, hedges, timeouts, refusals by reason, p95, and why; for operators of the system's tenant also the installation's (owner \"system\").");
        app.MapGet("/api/policies/{tenant}/{dependency}", View).RequireAuthorization(Roles.Viewer).WithTags("Resilience").WithSummary("One policy. In place of the tenant stands \"system\" for one of the installation.");
    }

    /// <summary>Those that a caller may see.</summary>
    public static async Task<IReadOnlyList<PoliciesView>> Policies(this IGrainFactory grains, Caller caller, EdgeOptions edge)
    {
        using var _ = CallerContext.ForSystem("policies");
        return await Task.WhenAll((caller.IsSystemOperator(edge.SystemTenant) ? (TenantId[])[TenantId.Parse(TenantKey.System), caller.Tenant] : [caller.Tenant]).Select(owner => grains.GetGrain<IPolicyGrain>(TenantKey.Of(owner)).View()));
    }

    private static Task<IReadOnlyList<PoliciesView>> List(HttpContext context, IGrainFactory grains, EdgeOptions edge) => grains.Policies(context.User.Caller(), edge);

    private static async Task<PolicyView> View(string tenant, string dependency, HttpContext context, IGrainFactory grains, EdgeOptions edge) =>
        (await grains.Policies(context.User.Caller(), edge)).FirstOrDefault(one => one.Owner == tenant)?.Policies.FirstOrDefault(one => one.Dependency == dependency)
            ?? throw new RefusedException(RefusalCode.NotFound, "There is no such policy, or its dependency was not called for minutes.");
}
