namespace Sophia.Resilience;

/// <summary>How far things are degraded, why, and an operator's word on it.</summary>
internal static class DegradationEndpoints
{
    public static void MapDegradation(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/degradation").WithTags("Resilience");
        group.MapGet("/", async (HttpContext context, IGrainFactory grains, IFeatures features, EdgeOptions edge, NamedTenant named, string? tenant = null) => await grains.Degradation(await named.Of(context.User.Caller(), tenant), features, edge))
            .WithSummary("The level that is in force, why, what is off, and its history. With ?tenant= another tenant's, for operators of the system's tenant.");
        group.MapPost("/hold", Hold).RequireAuthorization(Roles.Operator).WithSummary("Holds a level until it is released or runs out; with \"system\" for the whole installation, with ?tenant= for another tenant (operators of the system's tenant). Audited; confirm repeats whose level it is: the tenant, or \"system\".");
        group.MapPost("/release", Release).RequireAuthorization(Roles.Operator).WithSummary("Gives the level back to the rules; with ?tenant= another tenant's (operators of the system's tenant). Audited; confirm repeats whose level it is: the tenant, or \"system\".");
    }

    /// <summary>What counts for a tenant, and what it comes from.</summary>
    public static async Task<DegradationStatus> Degradation(this IGrainFactory grains, TenantInView of, IFeatures features, EdgeOptions edge)
    {
        using var _ = CallerContext.ForSystem("level of degradation");
        var own = grains.GetGrain<IDegradationGrain>(TenantKey.Of(of.Tenant)).View();
        var all = grains.GetGrain<IDegradationGrain>(TenantKey.System).View();
        return Status(await own, await all, of.Caller.IsSystemOperator(edge.SystemTenant), features.Of(of.Tenant));
    }

    /// <summary>Both together as the truths say it; what this front end goes by may be a moment older.</summary>
    private static DegradationStatus Status(DegradationView own, DegradationView all, bool seesSystem, OfferedNow here)
    {
        var worse = own.Level >= all.Level ? own : all;
        return new DegradationStatus(worse.Level, string.Join("; ", ((string?[])[all.Because, own.Because]).OfType<string>().Distinct()) is { Length: > 0 } because ? because : null,
            worse.Level == DegradationLevel.Full ? null : worse.Since, own.Effects.With(all.Effects), here.Level, own, seesSystem ? all : null);
    }

    private static async Task<DegradationStatus> Hold(HoldLevel hold, HttpContext context, IGrainFactory grains, IFeatures features, EdgeOptions edge, NamedTenant named, string? tenant = null)
    {
        if (!Enum.TryParse<DegradationLevel>(hold.Level, ignoreCase: true, out var level) || !Enum.IsDefined(level) || char.IsAsciiDigit(hold.Level![0]))
            throw new RefusedException(RefusalCode.Invalid, "level: full, partial, minimal or emergency.");
        var of = await named.Of(context.User.Caller(), tenant);
        var grain = Of(hold.System, hold.Confirm, of, grains, edge);
        var because = Confirmation.Reason(hold.Because, "because");
        using (CallerContext.ForSystem("level set by an operator"))
            await grain.Hold(level, By(of), because, TimeSpan.FromMinutes(Math.Clamp(hold.Minutes ?? HoldLevel.UsualMinutes, 0, 1_000_000)), of.Tenant);
        return await grains.Degradation(of, features, edge);
    }

    private static async Task<DegradationStatus> Release(ReleaseLevel release, HttpContext context, IGrainFactory grains, IFeatures features, EdgeOptions edge, NamedTenant named, string? tenant = null)
    {
        var of = await named.Of(context.User.Caller(), tenant);
        var grain = Of(release.System, release.Confirm, of, grains, edge);
        var because = Confirmation.Reason(release.Because, "because");
        using (CallerContext.ForSystem("level released by an operator"))
            await grain.Release(By(of), because, of.Tenant);
        return await grains.Degradation(of, features, edge);
    }

    private static IDegradationGrain Of(bool system, string? confirm, TenantInView of, IGrainFactory grains, EdgeOptions edge)
    {
        if (system && !of.Caller.IsSystemOperator(edge.SystemTenant))
            throw new RefusedException(RefusalCode.Forbidden, "Only operators of the system's tenant set the level of the whole installation.");
        if (system && of.IsOther)
            throw new RefusedException(RefusalCode.Invalid, "Say either system, for the whole installation, or a tenant.");
        Confirmation.MustRepeat(confirm, system ? TenantKey.System : of.Tenant.Value, system ? $"be \"{TenantKey.System}\"" : "repeat the tenant");
        return grains.GetGrain<IDegradationGrain>(system ? TenantKey.System : TenantKey.Of(of.Tenant));
    }

    private static string By(TenantInView of) => $"{of.Caller.Tenant} {of.Caller.KeyId}";
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
