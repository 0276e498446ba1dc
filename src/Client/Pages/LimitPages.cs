namespace Sophia.Pages;

/// <summary>The page of limits: which count, who waits or is banned and why, and what was done.</summary>
internal static class LimitPages
{
    public static void MapLimitPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/limits", Whole);
        pages.MapGet("/pages/limits", Live);
    }

    private static async Task<IResult> Whole(HttpContext context, IGrainFactory grains, ILimits limits, EdgeOptions edge) => PageEndpoints.Page<LimitsPage>(new()
    {
        [nameof(LimitsPage.Tenant)] = context.User.Caller().Tenant.Value,
        [nameof(LimitsPage.Status)] = await grains.Limits(context.User.Caller(), limits, edge),
    });

    private static async Task<IResult> Live(HttpContext context, IGrainFactory grains, ILimits limits, EdgeOptions edge) =>
        PageEndpoints.Page<LimitsLive>(new() { [nameof(LimitsLive.Status)] = await grains.Limits(context.User.Caller(), limits, edge) });
}
