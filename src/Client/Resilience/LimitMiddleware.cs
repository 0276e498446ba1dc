namespace Sophia.Resilience;

/// <summary>Holds requests to the limits that are set for their address, tenant, key and route, and says so as draft-ietf-httpapi-ratelimit-headers does (docs/adr/0028).</summary>
/// <remarks>Held is everything below /api, and every page and address that one must be signed in for: what is added later, too. All limits must admit a request; where one refuses, none is charged. Stands twice in the way: before sign-in, where addresses
/// and the installation as a whole are held to theirs, and behind it, where it is known whose request it is, before everything that costs something. What waits by its nature (streams) is under way as long as it is open. A hub's connection is asked for once, when
/// it begins, and holds no place: its calls are asked for one by one (<see cref="Chat.HubLimits"/>). Operators who look after limits are never kept out by them: there, whoever says who he is is asked for his address behind sign-in.</remarks>
internal sealed class LimitMiddleware(RequestDelegate next, ILimits limits, EdgeOptions edge, TimeProvider time, bool isKnown)
{
    /// <summary>What requests take from.</summary>
    public const string Resource = "api";

    private static readonly PathString Api = "/api", Hub = ApiKeyHandler.HubPath;

    /// <summary>Where limits are looked after, and where one is told whose.</summary>
    private static readonly PathString[] LookedAfter = ["/api/limits", "/limits", "/pages/limits", "/api/trouble", "/trouble", "/pages/trouble"];

    /// <summary>What does no work for a tenant: files of the pages, going away, and what those who watch over the process read.</summary>
    private static readonly PathString[] Free = ["/assets", SignInEndpoints.SignOutPath, "/metrics"];

    public async Task InvokeAsync(HttpContext context)
    {
        var isLate = Array.Exists(LookedAfter, context.Request.Path.StartsWithSegments) && SaysWho(context.Request);
        if (!IsHeld(context) || (isLate && (!isKnown || context.User.TryCaller()?.IsSystemOperator(edge.SystemTenant) == true)))
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
        if (taken.HoldsPlaces && context.Request.Path.StartsWithSegments(Hub))
            await taken.GiveBackPlaces();
        else if (taken.HoldsPlaces)
        {
            await Held(context, new HeldPlaces(taken, time));
            return;
        }
        await next(context);
    }

    /// <summary>What a request asks for: the same for a dry decision.</summary>
    public static LimitAsking Asking(HttpContext context) => new(
        context.User.TryCaller()?.Tenant, Resource, context.User.TryCaller()?.KeyId, Route(context), ClientAddress.Of(context.Connection.RemoteIpAddress));

    /// <summary>Whether it may be an operator's who asks: where limits are looked after, he is told apart from others before his address is held to anything.</summary>
    private static bool SaysWho(HttpRequest request) => request.Headers.Authorization.Count > 0 || request.Headers.Cookie.Count > 0;

    private static bool IsHeld(HttpContext context)
    {
        var path = context.Request.Path;
        if (path.StartsWithSegments(Api))
            return true;
        if (context.GetEndpoint() is not { } endpoint || endpoint.Metadata.GetMetadata<Microsoft.AspNetCore.Authorization.IAllowAnonymous>() is not null || Array.Exists(Free, path.StartsWithSegments))
            return false;
        return !path.Equals(Hub) || !context.Request.Query.ContainsKey("id"); // With an id it is a part of a connection that was asked for.
    }

    private async Task Held(HttpContext context, HeldPlaces held)
    {
        try
        {
            await next(context);
            if (RefusedForRoom.Of(context) is { } full)
                held.Failed(full);
            else
                held.Answered(context.Response.StatusCode);
        }
        catch (Exception failure)
        {
            held.Failed(failure);
            throw;
        }
        finally
        {
            held.Ended();
        }
    }

    // As it is mapped: an address that holds names would be a route for each of them.
    private static string Route(HttpContext context) => $"{context.Request.Method} /{((context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "").TrimStart('/')}";

    private sealed record Before(LimitTaken Taken);
}
