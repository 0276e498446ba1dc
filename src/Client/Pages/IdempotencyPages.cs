namespace Sophia.Pages;

/// <summary>The page of idempotency keys: what holds for them, what they met, and what became of one.</summary>
internal static class IdempotencyPages
{
    private const int LinesShown = 20;

    public static void MapIdempotencyPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/idempotency", Whole);
        pages.MapGet("/pages/idempotency", Live);
    }

    private static async Task<IResult> Whole(HttpContext context, IGrainFactory grains, EdgeOptions edge, string? key = null, string? caller = null)
    {
        var (asks, looked, of) = (context.User.Caller(), key is { Length: > 0 } ? key : null, PageEndpoints.Given(caller));
        return PageEndpoints.Page<IdempotencyPage>(new(await Shown(asks, grains, edge))
        {
            [nameof(IdempotencyPage.Tenant)] = asks.Tenant.Value,
            [nameof(IdempotencyPage.Key)] = looked,
            [nameof(IdempotencyPage.Caller)] = of,
            [nameof(IdempotencyPage.View)] = looked is null ? null : await Found(looked, of, asks, grains),
        });
    }

    private static async Task<IResult> Live(HttpContext context, IGrainFactory grains, EdgeOptions edge) => PageEndpoints.Page<IdempotencyLive>(await Shown(context.User.Caller(), grains, edge));

    private static async Task<Dictionary<string, object?>> Shown(Caller asks, IGrainFactory grains, EdgeOptions edge) => new()
    {
        [nameof(IdempotencyLive.Terms)] = await grains.KeyTerms(asks, edge),
        [nameof(IdempotencyLive.Lines)] = await grains.KeyLines(asks, LinesShown),
    };

    // A key that nothing is remembered of is an answer, and no fault of whoever looks it up.
    private static async Task<IdempotencyView?> Found(string key, string? caller, Caller asks, IGrainFactory grains)
    {
        try
        {
            return await grains.OneKey(key, caller, asks);
        }
        catch (RefusedException refused) when (refused.Code == RefusalCode.NotFound)
        {
            return null;
        }
    }
}
