namespace Sophia.Resilience;

/// <summary>What the grain keeps. No member is ever changed in place.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.DegradationState")]
public sealed record DegradationState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    /// <summary>Rises with each change of what is in force.</summary>
    [Id(1)]
    public long Version { get; init; }

    /// <summary>What the rules say.</summary>
    [Id(2)]
    public DegradationLevel Level { get; init; }

    [Id(3)]
    public DateTimeOffset? Since { get; init; }

    [Id(4)]
    public string? Because { get; init; }

    [Id(5)]
    public IReadOnlyList<ActiveRule> Rules { get; init; } = [];

    /// <summary>Since when no rule asks for the level; null: one does.</summary>
    [Id(6)]
    public DateTimeOffset? QuietSince { get; init; }

    [Id(7)]
    public DegradationHold? Hold { get; init; }

    [Id(8)]
    public IReadOnlyList<DegradationChange> History { get; init; } = [];

    /// <summary>What the rules did and the audit has not taken yet, oldest first.</summary>
    [Id(9)]
    public IReadOnlyList<DegradationChange> Unaudited { get; init; } = [];
}

/// <summary>A rule in force.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.ActiveRule")]
public sealed record ActiveRule([property: Id(0)] string Name, [property: Id(1)] DateTimeOffset Since, [property: Id(2)] string Because, [property: Id(3)] DateTimeOffset? HealingSince);
