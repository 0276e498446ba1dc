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

    private static async Task<IResult> Breakers(HttpContext context, IGrainFactory grains, EdgeOptions edge) => Page<BreakersPage>(new()
    {
        [nameof(BreakersPage.Tenant)] = context.User.Caller().Tenant.Value,
        [nameof(BreakersPage.Views)] = await grains.Breakers(context.User.Caller(), edge),
        [nameof(BreakersPage.Policies)] = await grains.Policies(context.User.Caller(), edge),
    });

    private static async Task<IResult> Fragment(HttpContext context, IGrainFactory grains, EdgeOptions edge) => Page<BreakerList>(new()
    {
        [nameof(BreakerList.Views)] = await grains.Breakers(context.User.Caller(), edge),
        [nameof(BreakerList.Policies)] = await grains.Policies(context.User.Caller(), edge),
    });

    private static RazorComponentResult Page<TPage>(Dictionary<string, object?> parameters)
        where TPage : IComponent => new RazorComponentResult<TPage>(parameters) { PreventStreamingRendering = true };
}
