namespace Sophia.Resilience;

/// <summary>What the grain keeps. No member is ever changed in place.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.ContainmentState")]
public sealed record ContainmentState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    /// <summary>Rises with each change that is kept.</summary>
    [Id(1)]
    public long Version { get; init; }

    /// <summary>Of the last containment.</summary>
    [Id(2)]
    public long LastId { get; init; }

    /// <summary>Of the last change.</summary>
    [Id(3)]
    public long LastChange { get; init; }

    /// <summary>The last change that is in the audit.</summary>
    [Id(4)]
    public long AuditedTo { get; init; }

    /// <summary>In the order of their nodes.</summary>
    [Id(5)]
    public IReadOnlyList<DomainFailure> Failing { get; init; } = [];

    /// <summary>Open ones, and the newest that ended; in the order of their ids.</summary>
    [Id(6)]
    public IReadOnlyList<Containment> Containments { get; init; } = [];

    /// <summary>The newest changes, newest first; more where more wait for the audit.</summary>
    [Id(7)]
    public IReadOnlyList<DomainChange> History { get; init; } = [];
}

/// <summary>One containment.</summary>
/// <param name="Owner">"system", or the tenant whose breaker, queue or level is held.</param>
/// <param name="Name">The breaker's or the queue's; empty for a tenant or the installation.</param>
/// <param name="Since">When its phase began.</param>
/// <param name="By">Who decided last; null: the rules.</param>
[GenerateSerializer, Immutable, Alias("Sophia.Containment")]
public sealed record Containment(
    [property: Id(0)] long Id,
    [property: Id(1)] string Rule,
    [property: Id(2)] ContainmentStrategy Strategy,
    [property: Id(3)] string Node,
    [property: Id(4)] string Owner,
    [property: Id(5)] string Name,
    [property: Id(6)] ContainmentPhase Phase,
    [property: Id(7)] DateTimeOffset Since,
    [property: Id(8)] string Because)
{
    [Id(9)]
    public string? By { get; init; }

    [Id(10)]
    public string? ByBecause { get; init; }

    /// <summary>Why the rules only propose it.</summary>
    [Id(11)]
    public string? NotByItself { get; init; }

    /// <summary>How often in a row it was needed.</summary>
    [Id(12)]
    public int Round { get; init; } = 1;

    [Id(13)]
    public bool IsPinned { get; init; }

    [Id(14)]
    public string? Note { get; init; }

    /// <summary>When it was first in force; null: not yet.</summary>
    [Id(15)]
    public DateTimeOffset? AppliedAt { get; init; }

    /// <summary>Whether a person had it begun.</summary>
    [Id(16)]
    public bool IsAskedFor { get; init; }

    /// <summary>When it was last seen to be in place.</summary>
    [Id(17)]
    public DateTimeOffset? CheckedAt { get; init; }

    /// <summary>Of one that a person began: when it ends by itself. Null: a rule wanted it.</summary>
    [Id(18)]
    public DateTimeOffset? Until { get; init; }

    /// <summary>Neither over nor said no to.</summary>
    internal bool IsOpen => Phase is ContainmentPhase.Proposed or ContainmentPhase.Applying or ContainmentPhase.Applied or ContainmentPhase.Lifting;

    /// <summary>Something is held by it, or may be.</summary>
    internal bool Holds => Phase is ContainmentPhase.Applying or ContainmentPhase.Applied or ContainmentPhase.Lifting;

    /// <summary>While it holds nothing can be seen of what failed, because nobody calls it or gives its work out.</summary>
    internal bool Blinds => Strategy is ContainmentStrategy.OpenBreaker or ContainmentStrategy.Reroute or ContainmentStrategy.QuarantineQueue;

    /// <summary>Fewer are offered something by it.</summary>
    internal bool HitsATenant => Strategy is ContainmentStrategy.IsolateTenant or ContainmentStrategy.Shed;
}
