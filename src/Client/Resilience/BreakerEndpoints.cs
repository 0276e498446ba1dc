namespace Sophia.Resilience;

/// <summary>Circuit breakers: a tenant's own for its people, and those of the installation for operators of the system's tenant.</summary>
internal static class BreakerEndpoints
{
    private const int MostReasonCharacters = 500;

    public static void MapBreakers(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/breakers", List).RequireAuthorization(Roles.Viewer).WithTags("Resilience")
            .WithSummary("The circuit breakers of the caller's tenant with phase, reason, what processes see, and history; for operators of the system's tenant also those of the installation (owner \"system\"), and with ?tenant= those of another tenant.");
        app.MapGet("/api/breakers/{tenant}/{dependency}", View).RequireAuthorization(Roles.Viewer).WithTags("Resilience").WithSummary("One circuit breaker. In place of the tenant stands \"system\" for one of the installation.");
        Map(app, "isolate", BreakerHold.Isolated, "Lets no call through, in every process that reaches the breaker, until it is closed or reset.");
        Map(app, "close", BreakerHold.HeldClosed, "Lets every call through, whatever fails, until it is isolated or reset.");
        Map(app, "reset", BreakerHold.None, "Gives the breaker back to its rule, closed and with nothing remembered against the dependency.");
    }

    /// <summary>A tenant's, and the installation's where the caller looks after it, in their order.</summary>
    public static async Task<IReadOnlyList<BreakerView>> Breakers(this IGrainFactory grains, TenantInView of, EdgeOptions edge)
    {
        using var _ = CallerContext.ForSystem("circuit breakers");
        List<BreakerView> views = [];
        foreach (var owner in of.Caller.IsSystemOperator(edge.SystemTenant) ? (TenantId[])[TenantId.Parse(TenantKey.System), of.Tenant] : [of.Tenant])
            views.AddRange(await Task.WhenAll((await grains.GetGrain<IBreakerDirectoryGrain>(TenantKey.Of(owner)).List()).Select(dependency => grains.GetGrain<ICircuitBreakerGrain>(TenantKey.Of(owner, dependency)).View())));
        return views;
    }

    /// <exception cref="RefusedException">There is none, or it is not the caller's; or what is asked for is not said well.</exception>
    public static async Task<BreakerView> SetBreaker(this IGrainFactory grains, string tenant, string dependency, BreakerHold hold, BreakerWord word, Caller caller, EdgeOptions edge, NamedTenant named)
    {
        var grain = await Find(grains, tenant, dependency, caller, edge, named);
        var reason = word.Reason?.Trim() is { Length: >= 1 and <= MostReasonCharacters } text ? text
            : throw new RefusedException(RefusalCode.Invalid, $"reason has 1 to {MostReasonCharacters} characters; whoever looks at the breaker is shown it.");
        if (word.Confirm != dependency)
            throw new RefusedException(RefusalCode.Invalid, "confirm must repeat the name of the dependency.");
        using var _ = CallerContext.ForSystem("circuit breakers");
        return await grain.Set(hold, $"{caller.Tenant} {caller.KeyId}", reason, tenant == TenantKey.System ? caller.Tenant : TenantId.Parse(tenant));
    }

    private static void Map(IEndpointRouteBuilder app, string what, BreakerHold hold, string summary) =>
        app.MapPost($"/api/breakers/{{tenant}}/{{dependency}}/{what}", (string tenant, string dependency, BreakerWord word, HttpContext context, IGrainFactory grains, EdgeOptions edge, NamedTenant named) =>
            grains.SetBreaker(tenant, dependency, hold, word, context.User.Caller(), edge, named)).RequireAuthorization(Roles.Operator).WithTags("Resilience").WithSummary($"{summary} Kept durably and audited; confirm repeats the dependency.");

    private static async Task<IReadOnlyList<BreakerView>> List(HttpContext context, IGrainFactory grains, EdgeOptions edge, NamedTenant named, string? tenant = null) => await grains.Breakers(await named.Of(context.User.Caller(), tenant), edge);

    private static async Task<BreakerView> View(string tenant, string dependency, HttpContext context, IGrainFactory grains, EdgeOptions edge, NamedTenant named)
    {
        var grain = await Find(grains, tenant, dependency, context.User.Caller(), edge, named);
        using var _ = CallerContext.ForSystem("circuit breakers");
        return await grain.View();
    }

    // A name that was never used wakes no grain.
    private static async Task<ICircuitBreakerGrain> Find(IGrainFactory grains, string tenant, string dependency, Caller caller, EdgeOptions edge, NamedTenant named)
    {
        using var _ = CallerContext.ForSystem("circuit breakers");
        var mine = tenant == caller.Tenant.Value || (caller.IsSystemOperator(edge.SystemTenant) && (tenant == TenantKey.System || await named.IsThere(tenant)));
        if (!mine || !TenantId.TryParse(tenant, out var owner) || !(await grains.GetGrain<IBreakerDirectoryGrain>(TenantKey.Of(owner)).List()).Contains(dependency))
            throw new RefusedException(RefusalCode.NotFound, "There is no such breaker.");
        return grains.GetGrain<ICircuitBreakerGrain>(TenantKey.Of(owner, dependency));
    }
}

/// <summary>Reason is what whoever looks at the breaker is shown, 1 to 500 characters; Confirm repeats the dependency.</summary>
public sealed record BreakerWord(string? Reason, string? Confirm);
