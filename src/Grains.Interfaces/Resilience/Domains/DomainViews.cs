using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>What a node of the graph is.</summary>
public enum DomainKind
{
    Silo = 1,
    FrontEnd = 2,

    /// <summary>A database, cache or file that remembers.</summary>
    Store = 3,

    /// <summary>Something outside that is asked through a breaker, such as a model.</summary>
    Dependency = 4,

    /// <summary>An address that processes were seen to call.</summary>
    Host = 5,

    /// <summary>What a tenant's pipelines read, by its type.</summary>
    Source = 6,
    Queue = 7,

    /// <summary>A tenant's projection of its log.</summary>
    Index = 8,

    /// <summary>Several nodes that stand in for each other, under one name.</summary>
    Part = 9,
    Feature = 10,
    Pipeline = 11,
    Tenant = 12,
}

/// <summary>How hard a failure hits a node; the higher, the harder.</summary>
public enum DomainHit
{
    Not = 0,

    /// <summary>There is another way, or it can do without.</summary>
    Partly = 1,

    /// <summary>There is no other way.</summary>
    Fully = 2,
}

/// <summary>What is done so that a failure stays where it is. A closed set: none of them touches what comes in, the audit, or sign-in.</summary>
public enum ContainmentStrategy
{
    /// <summary>The tenant's queues give nothing out and it is offered what an emergency offers; its records are taken, its people sign in.</summary>
    IsolateTenant = 1,

    /// <summary>Nobody calls the dependency for a while.</summary>
    OpenBreaker = 2,

    /// <summary>Less is offered: to one tenant, or to all.</summary>
    Shed = 3,

    /// <summary>The queue takes work in and gives none out.</summary>
    QuarantineQueue = 4,

    /// <summary>Nobody calls the dependency for a while, because another one does its work.</summary>
    Reroute = 5,
}

/// <summary>Which strategy can be for what.</summary>
public static class ContainmentStrategies
{
    /// <summary>How long what a person begins may last; for longer it is pinned.</summary>
    public static readonly TimeSpan ShortestByHand = TimeSpan.FromMinutes(1), LongestByHand = TimeSpan.FromDays(1);

    /// <summary>Those that can be for a node of a kind, the usual one first.</summary>
    public static IReadOnlyList<ContainmentStrategy> For(DomainKind kind) => kind switch
    {
        DomainKind.Tenant => [ContainmentStrategy.IsolateTenant, ContainmentStrategy.Shed],
        DomainKind.Dependency => [ContainmentStrategy.OpenBreaker, ContainmentStrategy.Reroute],
        DomainKind.Queue => [ContainmentStrategy.QuarantineQueue, ContainmentStrategy.Shed],
        DomainKind.Silo or DomainKind.FrontEnd or DomainKind.Store or DomainKind.Index => [ContainmentStrategy.Shed],
        _ => [],
    };
}

/// <summary>How far a containment is.</summary>
public enum ContainmentPhase
{
    /// <summary>Somebody may approve or decline it.</summary>
    Proposed = 1,

    /// <summary>Decided, and being done.</summary>
    Applying = 2,
    Applied = 3,

    /// <summary>Decided to end, and being undone.</summary>
    Lifting = 4,
    Lifted = 5,

    /// <summary>A person said no; it is not proposed again while the failure lasts.</summary>
    Declined = 6,

    /// <summary>What it was proposed for was over first.</summary>
    Withdrawn = 7,
}

/// <summary>A person's word on a containment.</summary>
public enum ContainmentDecision
{
    Approve = 1,
    Decline = 2,
    Lift = 3,

    /// <summary>Keep it, whatever the rules say, until a person lifts it.</summary>
    Pin = 4,
}

/// <param name="LookedAt">When the failures were last looked for; null: not yet.</param>
/// <param name="Nodes">In the order of their ids; at most <see cref="MostNodes"/>, those that are hit first.</param>
/// <param name="LeftOut">Nodes beyond that.</param>
/// <param name="Unseen">What could not be asked, with why.</param>
/// <param name="Containments">Those that are open, the newest first, then the newest that ended; at most 100.</param>
/// <param name="History">The newest changes, newest first, at most 100.</param>
[GenerateSerializer, Immutable, Alias("Sophia.DomainsView")]
public sealed record DomainsView(
    [property: Id(0)] DateTimeOffset? LookedAt,
    [property: Id(1)] IReadOnlyList<DomainNodeView> Nodes,
    [property: Id(2)] IReadOnlyList<DomainNeedView> Needs,
    [property: Id(3)] int LeftOut,
    [property: Id(4)] IReadOnlyList<DomainFailure> Failing,
    [property: Id(5)] IReadOnlyList<string> Unseen,
    [property: Id(6)] IReadOnlyList<ContainmentView> Containments,
    [property: Id(7)] IReadOnlyList<DomainChange> History)
{
    /// <summary>Nodes of one view.</summary>
    public const int MostNodes = 1_000;
}

/// <param name="Id">Its kind, and its name or its tenant and its name, such as "dependency/model" or "queue/acme/mail".</param>
/// <param name="Tenant">Whose it is; null: the installation's.</param>
/// <param name="Hit">By what fails now; fully where it fails itself.</param>
[GenerateSerializer, Immutable, Alias("Sophia.DomainNodeView")]
public sealed record DomainNodeView(
    [property: Id(0)] string Id,
    [property: Id(1)] DomainKind Kind,
    [property: Id(2)] string Name,
    [property: Id(3)] string? Tenant,
    [property: Id(4)] DomainHit Hit,
    [property: Id(5)] bool IsFailing);

/// <summary>What a node needs: one of some others.</summary>
/// <param name="Strength">Whether it works without.</param>
/// <param name="Calls">How many calls were seen lately; 0: it is declared and none was.</param>
[GenerateSerializer, Immutable, Alias("Sophia.DomainNeedView")]
public sealed record DomainNeedView(
    [property: Id(0)] string From,
    [property: Id(1)] IReadOnlyList<string> OneOf,
    [property: Id(2)] NeedStrength Strength,
    [property: Id(3)] bool IsDeclared,
    [property: Id(4)] long Calls);

/// <summary>How much a node needs another.</summary>
public enum NeedStrength
{
    /// <summary>It was seen to call it; it is not hit.</summary>
    Uses = 0,

    /// <summary>It can do without, and does less.</summary>
    Soft = 1,

    /// <summary>It cannot do without.</summary>
    Hard = 2,
}

/// <param name="HealingSince">Since when nothing speaks against it any more; null: something does.</param>
[GenerateSerializer, Immutable, Alias("Sophia.DomainFailure")]
public sealed record DomainFailure(
    [property: Id(0)] string Node,
    [property: Id(1)] DateTimeOffset Since,
    [property: Id(2)] string Because,
    [property: Id(3)] DateTimeOffset? HealingSince);

/// <param name="IsFailing">Whether it fails now; otherwise this is what would be.</param>
/// <param name="Hits">Tenants first, then pipelines, features and the rest, the hardest hit first; at most 500.</param>
/// <param name="Counts">All that are hit, by kind.</param>
[GenerateSerializer, Immutable, Alias("Sophia.DomainImpact")]
public sealed record DomainImpact(
    [property: Id(0)] string Node,
    [property: Id(1)] bool IsFailing,
    [property: Id(2)] IReadOnlyList<DomainHitView> Hits,
    [property: Id(3)] IReadOnlyList<DomainHitCount> Counts);

/// <param name="Path">From the node that is hit to the one that fails, each with how it needs the next.</param>
/// <param name="Because">The path as a sentence.</param>
[GenerateSerializer, Immutable, Alias("Sophia.DomainHitView")]
public sealed record DomainHitView(
    [property: Id(0)] string Node,
    [property: Id(1)] DomainKind Kind,
    [property: Id(2)] string Name,
    [property: Id(3)] string? Tenant,
    [property: Id(4)] DomainHit Hit,
    [property: Id(5)] IReadOnlyList<string> Path,
    [property: Id(6)] string Because);

/// <param name="Of">How many there are.</param>
[GenerateSerializer, Immutable, Alias("Sophia.DomainHitCount")]
public sealed record DomainHitCount([property: Id(0)] DomainKind Kind, [property: Id(1)] int Fully, [property: Id(2)] int Partly, [property: Id(3)] int Of);

/// <param name="Rule">The rule that wants it.</param>
/// <param name="Node">What fails.</param>
/// <param name="Target">What is held, for people: a breaker, a queue, a tenant, or the installation.</param>
/// <param name="Since">When its phase began.</param>
/// <param name="Because">Why it was wanted.</param>
/// <param name="By">Who decided last; null: the rules.</param>
/// <param name="ByBecause">What they said.</param>
/// <param name="NotByItself">Why the rules only propose it; null: they do not, or need nobody.</param>
/// <param name="TryAt">When it is lifted to see whether the failure is over; null: it is lifted when that is seen.</param>
/// <param name="Round">How often in a row it was needed, from 1.</param>
/// <param name="Note">What came of it, where that is not plain.</param>
[GenerateSerializer, Immutable, Alias("Sophia.ContainmentView")]
public sealed record ContainmentView(
    [property: Id(0)] long Id,
    [property: Id(1)] string Rule,
    [property: Id(2)] ContainmentStrategy Strategy,
    [property: Id(3)] string Node,
    [property: Id(4)] string Target,
    [property: Id(5)] string? Tenant,
    [property: Id(6)] ContainmentPhase Phase,
    [property: Id(7)] DateTimeOffset Since,
    [property: Id(8)] string Because,
    [property: Id(9)] string? By,
    [property: Id(10)] string? ByBecause,
    [property: Id(11)] string? NotByItself,
    [property: Id(12)] DateTimeOffset? TryAt,
    [property: Id(13)] int Round,
    [property: Id(14)] bool IsPinned,
    [property: Id(15)] string? Note)
{
    /// <summary>Of one that a person began: when it ends by itself; null: the rules say when.</summary>
    [Id(16)]
    public DateTimeOffset? Until { get; init; }
}

/// <param name="Number">Rises by one with each change.</param>
/// <param name="What">A word: failing, healed, proposed, applying, applied, lifting, lifted, declined, withdrawn, pinned.</param>
/// <param name="By">The person; null: the rules.</param>
[GenerateSerializer, Immutable, Alias("Sophia.DomainChange")]
public sealed record DomainChange(
    [property: Id(0)] long Number,
    [property: Id(1)] DateTimeOffset At,
    [property: Id(2)] string What,
    [property: Id(3)] string Node,
    [property: Id(4)] long Containment,
    [property: Id(5)] string Because,
    [property: Id(6)] string? By,
    [property: Id(7)] string? Tenant);
