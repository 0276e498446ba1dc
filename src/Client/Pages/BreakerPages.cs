using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.HttpResults;
using Sophia.Resilience;

namespace Sophia.Pages;

/// <summary>The page of what Sophia depends on: breakers with their policies, and the bulkheads of the tenant; for operators of the system's tenant also the installation's.</summary>
internal static class BreakerPages
{
    public static void MapBreakerPage(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/breakers", Breakers);
        pages.MapGet("/pages/breakers", Fragment);
    }

    private static async Task<IResult> Breakers(HttpContext context, IGrainFactory grains, EdgeOptions edge, NamedTenant named, string? tenant = null)
    {
        var of = await named.Of(context.User.Caller(), tenant);
        return Page<BreakersPage>(new(await Shown(of, grains, edge)) { [nameof(BreakersPage.Tenant)] = of.Caller.Tenant.Value, [nameof(BreakersPage.Of)] = of.Other });
    }

    private static async Task<IResult> Fragment(HttpContext context, IGrainFactory grains, EdgeOptions edge, NamedTenant named, string? tenant = null) =>
        Page<BreakerList>(await Shown(await named.Of(context.User.Caller(), tenant), grains, edge));

    private static async Task<Dictionary<string, object?>> Shown(TenantInView of, IGrainFactory grains, EdgeOptions edge) => new()
    {
        [nameof(BreakerList.Views)] = await grains.Breakers(of, edge),
        [nameof(BreakerList.Policies)] = await grains.Policies(of, edge),
    };

    private static RazorComponentResult Page<TPage>(Dictionary<string, object?> parameters)
        where TPage : IComponent => new RazorComponentResult<TPage>(parameters) { PreventStreamingRendering = true };
}
