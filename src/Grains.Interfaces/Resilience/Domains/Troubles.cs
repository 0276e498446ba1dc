namespace Sophia.Resilience;

/// <summary>What somebody who looks after the installation is to look at; the worst first.</summary>
public enum TroubleKind
{
    /// <summary>A key or an address is banned by a limit.</summary>
    Banned = 1,

    /// <summary>A breaker is open or tried out, or a person isolated it.</summary>
    BreakerOpen = 2,

    /// <summary>A bulkhead refused calls of the tenant within <see cref="TroublesView.RefusedFor"/>.</summary>
    Refused = 3,

    /// <summary>A queue gives nothing out, because a person or a containment holds it.</summary>
    QueueHeld = 4,

    /// <summary>Work that was given up, or is quarantined.</summary>
    DeadWork = 5,

    /// <summary>A person or a containment holds the level.</summary>
    LevelHeld = 6,

    /// <summary>A key or an address waits, because it asked on when a limit had refused it.</summary>
    Waits = 7,
}

/// <summary>One thing that is wrong with a tenant, or with the installation, as the watch saw it.</summary>
/// <param name="Name">Who or what: "key:…" or "address:…", a breaker, a kind of calls, a queue; empty: the level, or all queues.</param>
/// <param name="Since">Since when; null: that is not known.</param>
/// <param name="Until">When it ends by itself; null: it does not, or that is not known.</param>
/// <param name="Count">Of dead work: items; of refusals: calls since the last look that saw any; otherwise 1.</param>
[GenerateSerializer, Immutable, Alias("Sophia.TroubleSight")]
public sealed record TroubleSight(
    [property: Id(0)] TroubleKind Kind,
    [property: Id(1)] string Name,
    [property: Id(2)] string Because,
    [property: Id(3)] DateTimeOffset? Since,
    [property: Id(4)] DateTimeOffset? Until,
    [property: Id(5)] long Count);

/// <summary>Who is concerned, of all tenants: what alerts speak of without a name.</summary>
/// <remarks>A projection of what the watch saw: tenants in use or with work are looked at in turns, so many with each look, and those that something is wrong with stay among them; every other one once after the watch began.</remarks>
/// <param name="LookedAt">When the watch looked last; null: not yet.</param>
/// <param name="Tenants">Tenants of which something is known.</param>
/// <param name="NotLookedAt">Tenants that there are and that were not looked at yet.</param>
/// <param name="SeenWithinSeconds">How long it takes until something new is seen: a round of looks at all tenants that are looked at.</param>
/// <param name="Lines">By kind, each newest first and at most <see cref="MostOfKind"/>.</param>
/// <param name="LeftOut">Lines beyond that.</param>
[GenerateSerializer, Immutable, Alias("Sophia.TroublesView")]
public sealed record TroublesView(
    [property: Id(0)] DateTimeOffset? LookedAt,
    [property: Id(1)] int Tenants,
    [property: Id(2)] int NotLookedAt,
    [property: Id(3)] double SeenWithinSeconds,
    [property: Id(4)] IReadOnlyList<TroubleLine> Lines,
    [property: Id(5)] int LeftOut)
{
    /// <summary>Lines of one kind.</summary>
    public const int MostOfKind = 100;

    /// <summary>How long refusals of bulkheads are spoken of.</summary>
    public static readonly TimeSpan RefusedFor = TimeSpan.FromMinutes(10);
}

/// <param name="Owner">The tenant, or "system" for the installation's own.</param>
/// <param name="SeenAt">When it was looked at.</param>
[GenerateSerializer, Immutable, Alias("Sophia.TroubleLine")]
public sealed record TroubleLine([property: Id(0)] string Owner, [property: Id(1)] TroubleSight What, [property: Id(2)] DateTimeOffset SeenAt);
