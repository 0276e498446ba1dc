namespace Sophia.Pages;

/// <summary>The page of limits: which count, who waits or is banned and why, and what was done.</summary>
internal static class LimitPages
{
    public static void MapLimitPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/limits", Whole);
        pages.MapGet("/pages/limits", Live);
    }

    private static async Task<IResult> Whole(HttpContext context, IGrainFactory grains, ILimits limits, EdgeOptions edge, NamedTenant named, string? tenant = null) => PageEndpoints.Page<LimitsPage>(new(await Shown(context, grains, limits, edge, named, tenant))
    {
        [nameof(LimitsPage.Tenant)] = context.User.Caller().Tenant.Value,
    });

    private static async Task<IResult> Live(HttpContext context, IGrainFactory grains, ILimits limits, EdgeOptions edge, NamedTenant named, string? tenant = null) =>
        PageEndpoints.Page<LimitsLive>(await Shown(context, grains, limits, edge, named, tenant));

    private static async Task<Dictionary<string, object?>> Shown(HttpContext context, IGrainFactory grains, ILimits limits, EdgeOptions edge, NamedTenant named, string? tenant)
    {
        var of = await named.Of(context.User.Caller(), tenant);
        return new() { [nameof(LimitsLive.Status)] = await grains.Limits(of, limits, edge), [nameof(LimitsLive.Of)] = of.Other };
    }
}
