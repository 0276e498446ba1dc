namespace Sophia.Operations;

/// <summary>The silos and what is active on them, for operators of the system's tenant.</summary>
internal static class SiloEndpoints
{
    public static void MapSilos(this IEndpointRouteBuilder app) =>
        app.MapGet("/api/silos", (IGrainFactory grains) => grains.Silos()).RequireSystemOperator(app.ServiceProvider.GetRequiredService<EdgeOptions>().SystemTenant)
            .WithTags("Operations").WithSummary("Silos with status, labels, version and load, and activations by class and silo. Only for operators of the system's tenant.");

    public static async Task<SilosView> Silos(this IGrainFactory grains)
    {
        using var _ = CallerContext.ForSystem("silos and grains");
        return await grains.GetGrain<ISilosGrain>(TenantKey.System).View();
    }
}
