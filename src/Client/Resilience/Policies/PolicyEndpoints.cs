namespace Sophia.Resilience;

/// <summary>How Sophia calls what it depends on, and what each tenant may do at a time: the caller's own, and for operators of the system's tenant the installation's.</summary>
internal static class PolicyEndpoints
{
    public static void MapPolicies(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/policies", List).RequireAuthorization(Roles.Viewer).WithTags("Resilience")
            .WithSummary("Policies and bulkheads of the caller's tenant that were used within minutes: rule, budget left, attempts, hedges, timeouts, refusals by reason, p95, and why; for operators of the system's tenant also the installation's (owner \"system\"), and with ?tenant= those of another tenant.");
        app.MapGet("/api/policies/{tenant}/{dependency}", View).RequireAuthorization(Roles.Viewer).WithTags("Resilience").WithSummary("One policy. In place of the tenant stands \"system\" for one of the installation.");
    }

    /// <summary>A tenant's, and the installation's where the caller looks after it.</summary>
    public static async Task<IReadOnlyList<PoliciesView>> Policies(this IGrainFactory grains, TenantInView of, EdgeOptions edge)
    {
        using var _ = CallerContext.ForSystem("policies");
        return await Task.WhenAll((of.Caller.IsSystemOperator(edge.SystemTenant) ? (TenantId[])[TenantId.Parse(TenantKey.System), of.Tenant] : [of.Tenant]).Select(owner => grains.GetGrain<IPolicyGrain>(TenantKey.Of(owner)).View()));
    }

    private static async Task<IReadOnlyList<PoliciesView>> List(HttpContext context, IGrainFactory grains, EdgeOptions edge, NamedTenant named, string? tenant = null) => await grains.Policies(await named.Of(context.User.Caller(), tenant), edge);

    private static async Task<PolicyView> View(string tenant, string dependency, HttpContext context, IGrainFactory grains, EdgeOptions edge, NamedTenant named) =>
        (await grains.Policies(await Whose(tenant, context.User.Caller(), edge, named), edge)).FirstOrDefault(one => one.Owner == tenant)?.Policies.FirstOrDefault(one => one.Dependency == dependency)
            ?? throw new RefusedException(RefusalCode.NotFound, "There is no such policy, or its dependency was not called for minutes.");

    // To whom a name says nothing, it is the name of nobody.
    private static async Task<TenantInView> Whose(string tenant, Caller caller, EdgeOptions edge, NamedTenant named) =>
        tenant != TenantKey.System && caller.IsSystemOperator(edge.SystemTenant) && await named.IsThere(tenant) ? new TenantInView(TenantId.Parse(tenant), caller) : new TenantInView(caller.Tenant, caller);
}
