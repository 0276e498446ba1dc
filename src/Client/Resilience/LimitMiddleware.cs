namespace Sophia.Resilience;

/// <summary>Holds requests to the limits that are set for their tenant, key, route and address, and says so as draft-ietf-httpapi-ratelimit-headers does (docs/adr/0028).</summary>
/// <remarks>All limits must admit a request; where one refuses, none is charged. Stands behind sign-in, so that it knows whose request it is, and before everything that costs something. What waits by its nature (streams) is under way as long as it is
/// open, and says nothing of latency.</remarks>
internal sealed class LimitMiddleware(RequestDelegate next, ILimits limits, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments("/api"))
        {
            await next(context);
            return;
        }
        var taken = await limits.TryTake(Asking(context), context.RequestAborted);
        if (taken.Penalty is { } penalty)
            throw LimitAnswers.Of(penalty);
        if (taken.RefusedBy is not null)
            throw LimitAnswers.Of(taken);
        LimitAnswers.Tell(taken, context.Response.Headers);
        if (taken.HoldsPlaces)
            await Held(context, taken);
        else
            await next(context);
    }

    /// <summary>What a request asks for: the same for a dry decision.</summary>
    public static LimitAsking Asking(HttpContext context) => new(
        context.User.TryCaller()?.Tenant, "api", context.User.TryCaller()?.KeyId, Route(context), context.Connection.RemoteIpAddress is { } address ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString() : null);

    private async Task Held(HttpContext context, LimitTaken taken)
    {
        var (began, dropped) = (time.GetTimestamp(), true);
        try
        {
            await next(context);
            dropped = context.Response.StatusCode is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status504GatewayTimeout;
        }
        catch (Exception failure)
        {
            // Who is refused, or goes, says nothing of how much there is room for.
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
}
