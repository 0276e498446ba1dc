namespace Sophia.Resilience;

/// <summary>Limits: which count for a tenant, who of it waits or is banned and why, and an operator's word on it.</summary>
internal static class LimitEndpoints
{
    private const int MostReasonCharacters = 500;

    public static void MapLimits(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/limits").WithTags("Resilience").RequireAuthorization(Roles.Viewer);
        group.MapGet("/", static async (HttpContext context, IGrainFactory grains, ILimits limits, EdgeOptions edge, NamedTenant named, string? tenant = null) => await grains.Limits(await named.Of(context.User.Caller(), tenant), limits, edge))
            .WithSummary("The limits that count for the caller's tenant, who of it was refused of late, waits or is banned, and what was done; for operators of the system's tenant also those of addresses and of the installation, and with ?tenant= those of another tenant.");
        group.MapGet("/{tenant}/{name}", One).WithSummary("One limit of a tenant with the shares of processes; with ?caller= that of one API key. In place of the tenant stands \"system\" for one of addresses or of the installation.");
        group.MapPost("/test", Test).WithSummary("What a request would be told now. Nothing is charged. The caller's own tenant, and key unless another of it is said; with ?tenant= another tenant, for operators of the system's tenant.");
        group.MapPost("/{tenant}/{name}/set", Set).RequireAuthorization(Roles.Operator)
            .WithSummary("Other terms of a limit for one tenant, until they are reset; what is not said (window, burst) stays as it was. By operators of the system's tenant; kept durably and audited; confirm repeats the limit's name.");
        group.MapPost("/{tenant}/{name}/reset", Reset).RequireAuthorization(Roles.Operator).WithSummary("Gives a limit back to what is configured. Audited; confirm repeats the limit's name.");
        group.MapPost("/{tenant}/release", Release).RequireAuthorization(Roles.Operator)
            .WithSummary("Ends the wait or ban of a key of the tenant, or of an address (tenant \"system\"), and forgets what spoke against it. Audited; confirm repeats who.");
    }

    /// <summary>What counts for a tenant.</summary>
    public static async Task<LimitsStatus> Limits(this IGrainFactory grains, TenantInView of, ILimits limits, EdgeOptions edge)
    {
        using var _ = CallerContext.ForSystem("limits");
        var seesSystem = of.Caller.IsSystemOperator(edge.SystemTenant);
        var own = grains.GetGrain<ILimitBookGrain>(TenantKey.Of(of.Tenant)).View();
        var system = seesSystem ? grains.GetGrain<ILimitBookGrain>(TenantKey.System).View() : Task.FromResult<LimitBookView>(null!);
        var (mine, all) = (await own, await system);
        var lines = limits.Configured.Where(one => seesSystem || !IsOfSystem(one)).Select(one => Line(one, IsOfSystem(one) ? all : mine));
        return new LimitsStatus([.. await Task.WhenAll(lines)], mine, all);

        async Task<LimitLine> Line(LimitSet set, LimitBookView book)
        {
            var whole = set.Per is LimitPer.Tenant or LimitPer.Installation;
            var state = whole && !set.Terms.IsAdaptive ? await grains.GetGrain<IRateLimitGrain>(TenantKey.Of(IsOfSystem(set) ? TenantId.Parse(TenantKey.System) : of.Tenant, set.Name)).View() : null;
            var other = book.Set.FirstOrDefault(one => one.Limit == set.Name);
            return new LimitLine(set.Name, set.Resource, set.Per, set.Routes, Rule(limits, set, other), set.Exact, set.Penalties, other?.Terms ?? set.Terms, other, state, whole ? limits.Adaptive(of.Tenant, set.Name) : null);
        }
    }

    /// <exception cref="RefusedException">There is no such tenant, it is not the caller's, nobody of the name waits, or what is asked for is not said well.</exception>
    private static async Task<LimitBookView> Release(string tenant, ReleaseLimited release, HttpContext context, IGrainFactory grains, CallerReplica callers, EdgeOptions edge)
    {
        var caller = context.User.Caller();
        // A tenant that is not there wakes no grain.
        if (!Mine(tenant, caller, edge) || !TenantId.TryParse(tenant, out var owner) || (tenant != TenantKey.System && !await callers.Exists(owner)))
            throw new RefusedException(RefusalCode.NotFound, "There is no such tenant.");
        var (of, reason) = (release.Of ?? "", Reason(release.Reason));
        if (of.Length is 0 or > 200 || release.Confirm != of)
            throw new RefusedException(RefusalCode.Invalid, "of says who, as in \"key:…\" or \"address:…\", and confirm repeats it.");
        using var _ = CallerContext.ForSystem("limits");
        return await grains.GetGrain<ILimitBookGrain>(TenantKey.Of(owner)).Release(of, $"{caller.Tenant} {caller.KeyId}", reason, AuditedIn(owner, caller));
    }

    private static async Task<LimitLine> One(string tenant, string name, HttpContext context, IGrainFactory grains, ILimits limits, CallerReplica callers, EdgeOptions edge, string? caller = null)
    {
        var asks = context.User.Caller();
        var set = limits.Configured.FirstOrDefault(one => one.Name == name);
        if (set is null || !Mine(tenant, asks, edge) || IsOfSystem(set) != (tenant == TenantKey.System) || (caller is not null && set.Per != LimitPer.Key))
            throw NotThere();
        var owner = TenantId.Parse(tenant);
        if (tenant != TenantKey.System && !await callers.Exists(owner))
            throw NotThere();
        using var _ = CallerContext.ForSystem("limits");
        var other = (await grains.GetGrain<ILimitBookGrain>(TenantKey.Of(owner)).View()).Set.FirstOrDefault(one => one.Limit == name);
        var isWhole = set.Per is LimitPer.Tenant or LimitPer.Installation;
        var state = set.Terms.IsAdaptive || (!isWhole && caller is null) ? null
            : await grains.GetGrain<IRateLimitGrain>(isWhole ? TenantKey.Of(owner, name) : TenantKey.Of(owner, name, TenantKey.Escape(caller!))).View();
        return new LimitLine(set.Name, set.Resource, set.Per, set.Routes, Rule(limits, set, other), set.Exact, set.Penalties, other?.Terms ?? set.Terms, other, state, isWhole || caller is not null ? limits.Adaptive(owner, name, caller) : null);
    }

    private static async Task<LimitDecision> Test(TestLimits test, HttpContext context, ILimits limits, NamedTenant named, string? tenant = null)
    {
        var of = await named.Of(context.User.Caller(), tenant);
        var own = LimitMiddleware.Asking(context);
        if (of.IsOther) // Neither the address nor the key of who asks is that tenant's.
            own = own with { Tenant = of.Tenant, Key = null, Address = null };
        if (test.Resource is { } resource && resource != LimitMiddleware.Resource) // What a program takes from has no route and no address but what it says.
            KitEndpoints.MustSuffice(limits, own = own with { Resource = resource, Route = test.Route, Address = null });
        if (test.Cost is < 1 or > 1_000_000_000)
            throw new RefusedException(RefusalCode.Invalid, "cost is 1 to 1,000,000,000.");
        var taken = await limits.Look(own with { Resource = test.Resource ?? own.Resource, Key = test.Key ?? own.Key, Route = test.Route ?? own.Route, Cost = test.Cost ?? 1 }, context.RequestAborted);
        return KitEndpoints.Decision(taken);
    }

    private static async Task<LimitBookView> Set(string tenant, string name, SetLimit set, HttpContext context, IGrainFactory grains, ILimits limits, CallerReplica callers, TimeProvider time, EdgeOptions edge)
    {
        var (owner, caller, reason) = await Ruled(tenant, name, set.Reason, set.Confirm, context, limits, callers, edge);
        using var _ = CallerContext.ForSystem("limits");
        var book = grains.GetGrain<ILimitBookGrain>(TenantKey.Of(owner));
        var now = (await book.View()).Set.FirstOrDefault(one => one.Limit == name)?.Terms;
        LimitSet told;
        try
        {
            told = limits.With(name, set.Limit ?? 0, set.WindowSeconds, set.Burst, now);
        }
        catch (FormatException wrong)
        {
            throw new RefusedException(RefusalCode.Invalid, wrong.Message);
        }
        return await book.Set(new LimitOverride(name, told.Terms, $"{caller.Tenant} {caller.KeyId}", reason, time.GetUtcNow()), AuditedIn(owner, caller));
    }

    private static async Task<LimitBookView> Reset(string tenant, string name, LimitWord word, HttpContext context, IGrainFactory grains, ILimits limits, CallerReplica callers, EdgeOptions edge)
    {
        var (owner, caller, reason) = await Ruled(tenant, name, word.Reason, word.Confirm, context, limits, callers, edge);
        using var _ = CallerContext.ForSystem("limits");
        return await grains.GetGrain<ILimitBookGrain>(TenantKey.Of(owner)).Reset(name, $"{caller.Tenant} {caller.KeyId}", reason, AuditedIn(owner, caller));
    }

    // What holds a tenant to its limits is not in the hands of that tenant.
    private static async Task<(TenantId Owner, Caller Caller, string Reason)> Ruled(string tenant, string name, string? reason, string? confirm, HttpContext context, ILimits limits, CallerReplica callers, EdgeOptions edge)
    {
        var caller = context.User.Caller();
        if (!caller.IsSystemOperator(edge.SystemTenant))
            throw tenant == caller.Tenant.Value ? new RefusedException(RefusalCode.Forbidden, "Only operators of the system's tenant set limits.") : NotThere();
        var set = limits.Configured.FirstOrDefault(one => one.Name == name) ?? throw NotThere();
        if (!TenantId.TryParse(tenant, out var owner) || IsOfSystem(set) != (tenant == TenantKey.System) || (tenant != TenantKey.System && !await callers.Exists(owner)))
            throw NotThere();
        return confirm == name ? (owner, caller, Reason(reason)) : throw new RefusedException(RefusalCode.Invalid, "confirm must repeat the name of the limit.");
    }

    private static string Reason(string? reason) => reason?.Trim() is { Length: >= 1 and <= MostReasonCharacters } text ? text
        : throw new RefusedException(RefusalCode.Invalid, $"reason has 1 to {MostReasonCharacters} characters; whoever looks at the limit is shown it.");

    private static string Rule(ILimits limits, LimitSet set, LimitOverride? other) => other is null ? set.Rule : limits.Rule(other.Terms, set.Exact);

    private static bool Mine(string tenant, Caller caller, EdgeOptions edge) => tenant == caller.Tenant.Value || (TenantId.TryParse(tenant, out _) && caller.IsSystemOperator(edge.SystemTenant));

    // A tenant's audit tells what was done to it, whoever did it; addresses and the installation have none.
    private static TenantId AuditedIn(TenantId owner, Caller caller) => owner.Value == TenantKey.System ? caller.Tenant : owner;

    private static bool IsOfSystem(LimitSet set) => set.Per is LimitPer.Address or LimitPer.Installation;

    private static RefusedException NotThere() => new(RefusalCode.NotFound, "There is no such limit.");
}

/// <summary>What counts for a tenant.</summary>
/// <param name="Own">Who of the tenant waits or is banned, what is set for it, and what was done.</param>
/// <param name="System">The same of addresses and of the installation; only for operators of the system's tenant.</param>
public sealed record LimitsStatus(IReadOnlyList<LimitLine> Limits, LimitBookView Own, LimitBookView? System);

/// <param name="Rule">How it counts now, in one line.</param>
/// <param name="Terms">That count now.</param>
/// <param name="Set">What somebody set; null: it is as configured.</param>
/// <param name="State">Of a limit of the whole tenant or installation: the shares of processes, or what is used.</param>
/// <param name="Adaptive">Of an adaptive limit: where it stands in the process that answers.</param>
public sealed record LimitLine(string Name, string Resource, LimitPer Per, IReadOnlyList<string> Routes, string Rule, bool Exact, bool Penalties, LimitTerms Terms, LimitOverride? Set, RateLimitView? State, AdaptiveNow? Adaptive = null);

/// <param name="Limit">What flows in within the window, what passes in it, or how much may be under way at once.</param>
/// <param name="WindowSeconds">Of flows and windows; as it was unless said.</param>
/// <param name="Burst">Of a token bucket: what may be taken at once; as it was unless said.</param>
/// <param name="Reason">1 to 500 characters.</param>
/// <param name="Confirm">The limit's name.</param>
public sealed record SetLimit(double? Limit, double? WindowSeconds, double? Burst, string? Reason, string? Confirm);

/// <summary>Reason has 1 to 500 characters; Confirm repeats the limit's name.</summary>
public sealed record LimitWord(string? Reason, string? Confirm);

/// <param name="Of">"key:…" or "address:…"; Confirm repeats it.</param>
/// <param name="Reason">1 to 500 characters.</param>
public sealed record ReleaseLimited(string? Of, string? Reason, string? Confirm);

/// <param name="Resource">"api" unless said.</param>
/// <param name="Route">Method and address as it is mapped, "GET /api/search"; that of this request unless said. Of a program's own resource it is what the program says, and none unless said.</param>
public sealed record TestLimits(string? Resource = null, string? Key = null, string? Route = null, long? Cost = null);

/// <param name="RefusedBy">The limit that would refuse.</param>
/// <param name="Penalty">Why nothing would be asked at all.</param>
public sealed record LimitDecision(bool Admitted, string? RefusedBy, string? Penalty, double? PenaltySeconds, IReadOnlyList<LimitDecided> Said);

/// <param name="RetryAfterSeconds">Null: never, as it costs more than the limit.</param>
public sealed record LimitDecided(string Limit, bool Admitted, long Remaining, double? RetryAfterSeconds);
