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

    private static async Task<IResult> Whole(HttpContext context, IGrainFactory grains, IFeatures features, EdgeOptions edge) => PageEndpoints.Page<DegradationPage>(new()
    {
        [nameof(DegradationPage.Tenant)] = context.User.Caller().Tenant.Value,
        [nameof(DegradationPage.Status)] = await grains.Degradation(context, features, edge),
    });

    private static async Task<IResult> Live(HttpContext context, IGrainFactory grains, IFeatures features, EdgeOptions edge) =>
        PageEndpoints.Page<DegradationLive>(new() { [nameof(DegradationLive.Status)] = await grains.Degradation(context, features, edge) });
}
