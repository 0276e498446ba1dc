namespace Sophia.Pages;

/// <summary>The page of what is offered, and the line on every page where that is less than everything.</summary>
internal static class DegradationPages
{
    public static void MapDegradationPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/degradation", Whole);
        pages.MapGet("/pages/degradation", Live);
        pages.MapGet("/pages/degradation/banner", static (HttpContext context, IFeatures features) =>
            PageEndpoints.Page<DegradationBanner>(new() { [nameof(DegradationBanner.Offered)] = features.Of(context.User.Caller().Tenant) }));
    }

    private static async Task<IResult> Whole(HttpContext context, IGrainFactory grains, IFeatures features, EdgeOptions edge, NamedTenant named, string? tenant = null) => PageEndpoints.Page<DegradationPage>(new(await Shown(context, grains, features, edge, named, tenant))
    {
        [nameof(DegradationPage.Tenant)] = context.User.Caller().Tenant.Value,
    });

    private static async Task<IResult> Live(HttpContext context, IGrainFactory grains, IFeatures features, EdgeOptions edge, NamedTenant named, string? tenant = null) =>
        PageEndpoints.Page<DegradationLive>(await Shown(context, grains, features, edge, named, tenant));

    private static async Task<Dictionary<string, object?>> Shown(HttpContext context, IGrainFactory grains, IFeatures features, EdgeOptions edge, NamedTenant named, string? tenant)
    {
        var of = await named.Of(context.User.Caller(), tenant);
        return new() { [nameof(DegradationLive.Status)] = await grains.Degradation(of, features, edge), [nameof(DegradationLive.Of)] = of.Other };
    }
}
