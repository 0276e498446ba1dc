namespace Sophia.Resilience;

/// <summary>A breaker between two events. No member is ever changed in place.</summary>
/// <remarks>Fast state: lost, it is half-open again in a higher epoch.</remarks>
[GenerateSerializer, Immutable, Alias("Sophia.BreakerState")]
public sealed record BreakerState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    /// <summary>From 1. Rises when what was remembered is lost.</summary>
    [Id(1)]
    public long Epoch { get; init; } = 1;

    /// <summary>Rises with each change.</summary>
    [Id(2)]
    public long Version { get; init; }

    /// <summary>Rises with each phase and each step of the ramp: what began in an earlier one is of no account any more.</summary>
    [Id(3)]
    public long Round { get; init; } = 1;

    [Id(4)]
    public BreakerPhase Phase { get; init; } = BreakerPhase.Closed;

    [Id(5)]
    public DateTimeOffset? Since { get; init; }

    /// <summary>When a break or a step of the ramp ends.</summary>
    [Id(6)]
    public DateTimeOffset? Until { get; init; }

    [Id(7)]
    public string? Because { get; init; }

    /// <summary>Openings since it was last steadily closed.</summary>
    [Id(8)]
    public int Trips { get; init; }

    /// <summary>Which step of the ramp, from 0.</summary>
    [Id(9)]
    public int Step { get; init; }

    /// <summary>Probes of this round that are out or have succeeded.</summary>
    [Id(10)]
    public IReadOnlyList<BreakerProbe> Probes { get; init; } = [];

    [Id(11)]
    public long LastProbe { get; init; }

    /// <summary>Newest first.</summary>
    [Id(12)]
    public IReadOnlyList<BreakerChange> History { get; init; } = [];

    /// <summary>The last word of a person that has its place here: <see cref="BreakerHeld.Number"/>.</summary>
    [Id(13)]
    public long Told { get; init; }

    /// <summary>What its rule did and the audit has not taken yet, oldest first; of more than <see cref="BreakerRules.MostHistory"/> the oldest stand in the log of the process alone.</summary>
    [Id(14)]
    public IReadOnlyList<BreakerChange> Unaudited { get; init; } = [];
}

/// <param name="Number">From 1; never given twice in an epoch.</param>
/// <param name="Process">Whose it is.</param>
/// <param name="ExpiresAt">When it is free again unless it has succeeded.</param>
[GenerateSerializer, Immutable, Alias("Sophia.BreakerProbe")]
public sealed record BreakerProbe([property: Id(0)] long Number, [property: Id(1)] string Process, [property: Id(2)] DateTimeOffset ExpiresAt, [property: Id(3)] bool Succeeded);

/// <summary>What a person made of the breaker, and how the audit has it. Durable: whoever isolated something must find it isolated.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.BreakerHeld")]
public sealed record BreakerHeld
{
    [Id(0)]
    public int Format { get; init; } = 1;

    [Id(1)]
    public BreakerHold Hold { get; init; }

    [Id(2)]
    public string? By { get; init; }

    [Id(3)]
    public string? Because { get; init; }

    [Id(4)]
    public DateTimeOffset? At { get; init; }

    /// <summary>Rises with each word.</summary>
    [Id(5)]
    public long Number { get; init; }

    /// <summary>The audit has that its rule opened it, and not yet that it is over. Kept here because the phase may be lost meanwhile.</summary>
    [Id(6)]
    public bool IsOpenInAudit { get; init; }
}
