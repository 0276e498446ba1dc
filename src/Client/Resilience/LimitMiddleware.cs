namespace Sophia.Resilience;

/// <summary>Holds requests to the limits that are set for their address, tenant, key and route, and says so as draft-ietf-httpapi-ratelimit-headers does (docs/adr/0028).</summary>
/// <remarks>All limits must admit a request; where one refuses, none is charged. Stands twice in the way: before sign-in, where addresses and the installation as a whole are held to theirs, and behind it, where it is known whose request it is, before
/// everything that costs something. What waits by its nature (streams) is under way as long as it is open. Operators who look after limits are never kept out by them: there, whoever says who he is is asked for his address behind sign-in.</remarks>
internal sealed class LimitMiddleware(RequestDelegate next, ILimits limits, EdgeOptions edge, TimeProvider time, bool isKnown)
{
    private static readonly PathString LookedAfter = "/api/limits";

    public async Task InvokeAsync(HttpContext context)
    {
        var path = context.Request.Path;
        var isLate = path.StartsWithSegments(LookedAfter) && SaysWho(context.Request);
        if (!path.StartsWithSegments("/api") || (isLate && (!isKnown || context.User.TryCaller()?.IsSystemOperator(edge.SystemTenant) == true)))
        {
            await next(context);
            return;
        }
        var before = context.Features.Get<Before>()?.Taken;
        var taken = await limits.TryTake(Asking(context) with { IsKnown = isKnown && !isLate }, context.RequestAborted);
        if (!taken.IsAdmitted && before is not null)
            await before.GiveBack();
        if (taken.Penalty is { } penalty)
            throw LimitAnswers.Of(penalty);
        var all = before is null ? taken : new LimitTaken([.. before.Said, .. taken.Said]);
        if (taken.RefusedBy is not null)
            throw LimitAnswers.Of(all);
        LimitAnswers.Tell(all, context.Response.Headers);
        if (!isKnown && taken.Said.Count > 0)
            context.Features.Set(new Before(taken));
        if (taken.HoldsPlaces)
            await Held(context, taken);
        else
            await next(context);
    }

    /// <summary>What a request asks for: the same for a dry decision.</summary>
    public static LimitAsking Asking(HttpContext context) => new(
        context.User.TryCaller()?.Tenant, "api", context.User.TryCaller()?.KeyId, Route(context), ClientAddress.Of(context.Connection.RemoteIpAddress));

    /// <summary>Whether it may be an operator's who asks: where limits are looked after, he is told apart from others before his address is held to anything.</summary>
    private static bool SaysWho(HttpRequest request) => request.Headers.Authorization.Count > 0 || request.Headers.Cookie.Count > 0;

    private async Task Held(HttpContext context, LimitTaken taken)
    {
        var (began, dropped) = (time.GetTimestamp(), true);
        try
        {
            await next(context);
            dropped = context.Response.StatusCode is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status504GatewayTimeout || RefusedForRoom.Of(context) is not null;
        }
        catch (Exception failure)
        {
            // Who is refused for another reason, or goes, says nothing of how much there is room for.
            dropped = failure is TimeoutException or RefusedException { Code: RefusalCode.Unavailable or RefusalCode.Busy };
            throw;
        }
        finally
        {
            taken.Ended(time.GetElapsedTime(began), dropped);
        }
    }

    // As it is mapped: an address that holds names would be a route for each of them.
    private static string Route(HttpContext context) => $"{context.Request.Method} /{((context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "").TrimStart('/')}";

    private sealed record Before(LimitTaken Taken);
}
