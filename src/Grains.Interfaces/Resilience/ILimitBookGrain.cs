using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>What one tenant's limits differ in from what is configured, and who of it waits or is banned. The key is the tenant; "system" for addresses and the installation. Processes keep copies.</summary>
[Alias("Sophia.ILimitBookGrain")]
public interface ILimitBookGrain : IReplicatedGrain
{
    /// <summary>Only for the system.</summary>
    [Alias("View"), Repeatable]
    Task<LimitBookView> View();

    /// <summary>The terms that somebody set; null: those that are configured.</summary>
    [Alias("Terms"), Repeatable]
    Task<LimitTerms?> Terms(string limit);

    /// <summary>Sets the terms of a limit for this tenant until they are reset. Durable and audited.</summary>
    [Alias("Set"), Repeatable]
    Task<LimitBookView> Set(LimitOverride set, TenantId auditedIn);

    /// <summary>Gives a limit back to what is configured.</summary>
    [Alias("Reset"), Repeatable]
    Task<LimitBookView> Reset(string limit, string by, string because, TenantId auditedIn);

    /// <summary>Ends the wait or ban of somebody, and forgets what spoke against him.</summary>
    /// <exception cref="Operations.RefusedException">Nothing is known of him.</exception>
    [Alias("Release"), Repeatable]
    Task<LimitBookView> Release(string of, string by, string because, TenantId auditedIn);
}

/// <summary>Terms of a limit that somebody set for a tenant.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.LimitOverride")]
public sealed record LimitOverride(
    [property: Id(0)] string Limit, [property: Id(1)] LimitTerms Terms, [property: Id(2)] string By, [property: Id(3)] string Because, [property: Id(4)] DateTimeOffset At);

/// <param name="Of">Tenant, or "system".</param>
/// <param name="Offenders">Who was refused of late, those that are banned first.</param>
/// <param name="History">Newest first.</param>
[GenerateSerializer, Immutable, Alias("Sophia.LimitBookView")]
public sealed record LimitBookView([property: Id(0)] string Of, [property: Id(1)] IReadOnlyList<LimitOverride> Set, [property: Id(2)] IReadOnlyList<LimitOffender> Offenders, [property: Id(3)] IReadOnlyList<LimitChange> History);

/// <param name="Of">"key:…" or "address:…".</param>
/// <param name="Limit">The limit that refused last.</param>
/// <param name="Refusals">Seconds in which he was refused and asked on, that are not forgotten.</param>
/// <param name="Until">Until when nothing of him is taken; null: the limit alone decides.</param>
[GenerateSerializer, Immutable, Alias("Sophia.LimitOffender")]
public sealed record LimitOffender(
    [property: Id(0)] string Of, [property: Id(1)] string Limit, [property: Id(2)] int Refusals, [property: Id(3)] int Bans, [property: Id(4)] bool IsBanned, [property: Id(5)] DateTimeOffset? Until, [property: Id(6)] DateTimeOffset LastAt);

/// <param name="What">"set", "reset", "ban" or "release".</param>
/// <param name="Of">The limit, or who is banned or released.</param>
/// <param name="By">Null: a rule.</param>
[GenerateSerializer, Immutable, Alias("Sophia.LimitChange")]
public sealed record LimitChange([property: Id(0)] DateTimeOffset At, [property: Id(1)] string What, [property: Id(2)] string Of, [property: Id(3)] string Because, [property: Id(4)] string? By);
