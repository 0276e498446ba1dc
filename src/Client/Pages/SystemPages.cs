using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Sophia.Pages;

/// <summary>The pages of those who look after the installation: tenants (the system tenant's owner), silos and grains, and who is in trouble (its operators).</summary>
internal static class SystemPages
{
    public static void MapSystemPages(this IEndpointRouteBuilder pages)
    {
        var system = pages.ServiceProvider.GetRequiredService<EdgeOptions>().SystemTenant;
        var owners = pages.MapGroup("").RequireSystemOperator(system).RequireAuthorization(Roles.Owner);
        owners.MapGet("/tenants", Tenants);
        owners.MapGet("/pages/tenants", TenantsFragment);
        var operators = pages.MapGroup("").RequireSystemOperator(system);
        operators.MapGet("/silos", Silos);
        operators.MapGet("/pages/silos", SilosFragment);
        operators.MapGet("/trouble", Trouble);
        operators.MapGet("/pages/trouble", TroubleFragment);
    }

    private static async Task<IResult> Tenants(HttpContext context, IGrainFactory grains, EdgeOptions edge, string? after = null) => Page<TenantsPage>(new()
    {
        [nameof(TenantsPage.Tenant)] = context.User.Caller().Tenant.Value,
        [nameof(TenantsPage.Page)] = await grains.Tenants(after),
        [nameof(TenantsPage.SystemTenant)] = edge.SystemTenant,
        [nameof(TenantsPage.After)] = after,
    });

    private static async Task<IResult> TenantsFragment(IGrainFactory grains, EdgeOptions edge, string? after = null) => Page<TenantList>(new()
    {
        [nameof(TenantList.Page)] = await grains.Tenants(after),
        [nameof(TenantList.SystemTenant)] = edge.SystemTenant,
        [nameof(TenantList.After)] = after,
    });

    private static async Task<IResult> Silos(HttpContext context, IGrainFactory grains) => Page<SilosPage>(new()
    {
        [nameof(SilosPage.Tenant)] = context.User.Caller().Tenant.Value,
        [nameof(SilosPage.View)] = await grains.Silos(),
    });

    private static async Task<IResult> SilosFragment(IGrainFactory grains) => Page<SilosLive>(new() { [nameof(SilosLive.View)] = await grains.Silos() });

    private static async Task<IResult> Trouble(HttpContext context, IGrainFactory grains, EdgeOptions edge) => Page<TroublePage>(new()
    {
        [nameof(TroublePage.Tenant)] = context.User.Caller().Tenant.Value,
        [nameof(TroublePage.View)] = await grains.Troubles(),
        [nameof(TroublePage.SystemTenant)] = edge.SystemTenant,
    });

    private static async Task<IResult> TroubleFragment(IGrainFactory grains, EdgeOptions edge) =>
        Page<TroubleLive>(new() { [nameof(TroubleLive.View)] = await grains.Troubles(), [nameof(TroubleLive.SystemTenant)] = edge.SystemTenant });

    private static RazorComponentResult Page<TPage>(Dictionary<string, object?> parameters)
        where TPage : IComponent => new RazorComponentResult<TPage>(parameters) { PreventStreamingRendering = true };
}
