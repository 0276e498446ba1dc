namespace Sophia.Resilience;

/// <summary>How far things are degraded, why, and an operator's word on it.</summary>
internal static class DegradationEndpoints
{
    public static void MapDegradation(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/degradation").WithTags("Resilience");
        group.MapGet("/", (HttpContext context, IGrainFactory grains, IFeatures features, EdgeOptions edge) => grains.Degradation(context, features, edge))
            .WithSummary("The level that is in force, why, what is off, and its history.");
        group.MapPost("/hold", Hold).RequireAuthorization(Roles.Operator).WithSummary("Holds a level until it is released or runs out; with \"system\" for the whole installation (operators of the system's tenant). Audited; confirm repeats whose level it is: the tenant, or \"system\".");
        group.MapPost("/release", Release).RequireAuthorization(Roles.Operator).WithSummary("Gives the level back to the rules. Audited; confirm repeats whose level it is: the tenant, or \"system\".");
    }

    /// <summary>What counts for the caller's tenant, and what it comes from.</summary>
    public static async Task<DegradationStatus> Degradation(this IGrainFactory grains, HttpContext context, IFeatures features, EdgeOptions edge)
    {
        var caller = context.User.Caller();
        using var _ = CallerContext.ForSystem("level of degradation");
        var own = grains.GetGrain<IDegradationGrain>(TenantKey.Of(caller.Tenant)).View();
        var all = grains.GetGrain<IDegradationGrain>(TenantKey.System).View();
        return Status(await own, await all, caller.IsSystemOperator(edge.SystemTenant), features.Of(caller.Tenant));
    }

    /// <summary>Both together as the truths say it; what this front end goes by may be a moment older.</summary>
    private static DegradationStatus Status(DegradationView own, DegradationView all, bool seesSystem, OfferedNow here)
    {
        var worse = own.Level >= all.Level ? own : all;
        return new DegradationStatus(worse.Level, string.Join("; ", ((string?[])[all.Because, own.Because]).OfType<string>().Distinct()) is { Length: > 0 } because ? because : null,
            worse.Level == DegradationLevel.Full ? null : worse.Since, own.Effects.With(all.Effects), here.Level, own, seesSystem ? all : null);
    }

    private static async Task<DegradationStatus> Hold(HoldLevel hold, HttpContext context, IGrainFactory grains, IFeatures features, EdgeOptions edge)
    {
        if (!Enum.TryParse<DegradationLevel>(hold.Level, ignoreCase: true, out var level) || !Enum.IsDefined(level) || char.IsAsciiDigit(hold.Level![0]))
            throw new RefusedException(RefusalCode.Invalid, "level: full, partial, minimal or emergency.");
        var (grain, by) = Of(hold.System, hold.Confirm, context, grains, edge);
        var because = Confirmation.Reason(hold.Because, "because");
        using (CallerContext.ForSystem("level set by an operator"))
            await grain.Hold(level, by, because, TimeSpan.FromMinutes(Math.Clamp(hold.Minutes ?? HoldLevel.UsualMinutes, 0, 1_000_000)), context.User.Caller().Tenant);
        return await grains.Degradation(context, features, edge);
    }

    private static async Task<DegradationStatus> Release(ReleaseLevel release, HttpContext context, IGrainFactory grains, IFeatures features, EdgeOptions edge)
    {
        var (grain, by) = Of(release.System, release.Confirm, context, grains, edge);
        var because = Confirmation.Reason(release.Because, "because");
        using (CallerContext.ForSystem("level released by an operator"))
            await grain.Release(by, because, context.User.Caller().Tenant);
        return await grains.Degradation(context, features, edge);
    }

    private static (IDegradationGrain Grain, string By) Of(bool system, string? confirm, HttpContext context, IGrainFactory grains, EdgeOptions edge)
    {
        var caller = context.User.Caller();
        if (system && !caller.IsSystemOperator(edge.SystemTenant))
            throw new RefusedException(RefusalCode.Forbidden, "Only operators of the system's tenant set the level of the whole installation.");
        Confirmation.MustRepeat(confirm, system ? TenantKey.System : caller.Tenant.Value, system ? $"be \"{TenantKey.System}\"" : "repeat the tenant");
        return (grains.GetGrain<IDegradationGrain>(system ? TenantKey.System : TenantKey.Of(caller.Tenant)), $"{caller.Tenant} {caller.KeyId}");
    }
}

/// <summary>What counts for a tenant.</summary>
/// <param name="Here">The level that this front end goes by; it follows within seconds.</param>
/// <param name="Own">The tenant's own part.</param>
/// <param name="System">The whole installation's part; only for operators of the system's tenant.</param>
public sealed record DegradationStatus(DegradationLevel Level, string? Because, DateTimeOffset? Since, DegradationEffects Effects, DegradationLevel Here, DegradationView Own, DegradationView? System);

/// <param name="Level">full, partial, minimal or emergency.</param>
/// <param name="Because">Why; 1 to 500 characters.</param>
/// <param name="Minutes">Until it runs out; 60 unless said, from 1 to 43,200.</param>
/// <param name="System">For the whole installation rather than for the tenant.</param>
/// <param name="Confirm">Whose level it is: the tenant's name, or "system".</param>
public sealed record HoldLevel(string? Level, string? Because, int? Minutes = null, bool System = false, string? Confirm = null)
{
    public const int UsualMinutes = 60;
}

/// <inheritdoc cref="HoldLevel"/>
public sealed record ReleaseLevel(string? Because = null, bool System = false, string? Confirm = null);

/// <summary>What the hub tells of degradation: now, and whenever it changes.</summary>
public sealed record DegradationNews(DegradationLevel Level, string? Because, DateTimeOffset? Since, IReadOnlyList<string> Off, bool CacheOnly)
{
    public static DegradationNews Of(OfferedNow offered) => new(offered.Level, offered.Because, offered.Since, offered.Effects.Off, offered.Effects.CacheOnly);
}
