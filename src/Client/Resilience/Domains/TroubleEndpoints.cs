namespace Sophia.Resilience;

/// <summary>Who is concerned by what alerts speak of: of all tenants, for operators of the system's tenant alone.</summary>
internal static class TroubleEndpoints
{
    public static void MapTrouble(this IEndpointRouteBuilder app) =>
        app.MapGet("/api/trouble", (IGrainFactory grains) => grains.Troubles()).RequireSystemOperator(app.ServiceProvider.GetRequiredService<EdgeOptions>().SystemTenant).WithTags("Resilience")
            .WithSummary($"Who: banned and waiting callers, open breakers, refused tenants, held queues, dead work and held levels of all tenants, as last looked at; by kind, newest first, {TroublesView.MostOfKind} of a kind. Only for operators of the system's tenant.");

    public static async Task<TroublesView> Troubles(this IGrainFactory grains)
    {
        using var _ = CallerContext.ForSystem("who is concerned");
        return await grains.GetGrain<IFailureDomainsGrain>(TenantKey.System).Troubles();
    }
}
