namespace Sophia.Resilience;

/// <summary>By what the level is chosen, and what each level does. Every process of a cluster is told the same.</summary>
public sealed class DegradationOptions
{
    /// <summary>The rules; <see cref="ShippedRules.All"/> unless others are configured.</summary>
    public IReadOnlyList<DegradationRule> Rules { get; set; } = ShippedRules.All;

    /// <summary>What the level "partial" does where no rule says otherwise, and where it is held.</summary>
    public DegradationEffects Partial { get; set; } = ShippedRules.Partial;

    /// <inheritdoc cref="Partial"/>
    public DegradationEffects Minimal { get; set; } = ShippedRules.Minimal;

    /// <inheritdoc cref="Partial"/>
    public DegradationEffects Emergency { get; set; } = ShippedRules.Emergency;

    /// <summary>How long what a rule saw must be gone before the rule ends. Default 30 s, range 1 s to 1 hour.</summary>
    public TimeSpan StayFor { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long each level is tried on the way back. Default 30 s, range 1 s to 1 hour.</summary>
    public TimeSpan StepEvery { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Between two looks at what was reported. Default 5 s, range 100 ms to 1 minute.</summary>
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long failures of a dependency count after the last one: afterwards it is tried again. Default 2 minutes, range 1 s to 1 hour.</summary>
    public TimeSpan EvidenceFor { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Failures in a row, in one process, by which a dependency fails there. Default 3, range 1 to 1,000.</summary>
    public int FailuresInARow { get; set; } = 3;

    /// <summary>How many sources of one type must fail before the type does: for a tenant, of its pipelines; for the installation, of distinct tenants. Half of those that were read lately must fail, too. Default 3, range 1 to 1,000.</summary>
    public int TypeFailsFrom { get; set; } = 3;

    /// <summary>Requests in the last half minute before error rate and p95 mean anything. Default 100, range 1 to 1,000,000.</summary>
    public int MinimumRequests { get; set; } = 100;

    /// <summary>In whose audit changes of the whole installation are written. Default "default", the tenant that looks after it.</summary>
    public string AuditedIn { get; set; } = "default";

    public DegradationEffects EffectsOf(DegradationLevel level) => level switch
    {
        DegradationLevel.Partial => Partial, DegradationLevel.Minimal => Minimal, DegradationLevel.Emergency => Emergency, _ => DegradationEffects.None,
    };

    /// <summary>What cannot be meant, in one sentence; null: nothing.</summary>
    public string? Wrong() =>
        !InRange(StayFor) ? "stayFor must lie between 1 s and 1 hour"
        : !InRange(StepEvery) ? "stepEvery must lie between 1 s and 1 hour"
        : LookEvery < TimeSpan.FromMilliseconds(100) || LookEvery > TimeSpan.FromMinutes(1) ? "lookEvery must lie between 100 ms and 1 minute"
        : !InRange(EvidenceFor) ? "evidenceFor must lie between 1 s and 1 hour"
        : FailuresInARow is < 1 or > 1_000 ? "failuresInARow must lie between 1 and 1,000"
        : TypeFailsFrom is < 1 or > 1_000 ? "typeFailsFrom must lie between 1 and 1,000"
        : MinimumRequests is < 1 or > 1_000_000 ? "minimumRequests must lie between 1 and 1,000,000"
        : Rules.GroupBy(rule => rule.Name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice ? $"rule {twice.Key} stands twice"
        : Rules.Select(rule => rule.Wrong()).Concat(((DegradationEffects[])[Partial, Minimal, Emergency]).Select(DegradationRule.Wrong)).FirstOrDefault(wrong => wrong is not null);

    private static bool InRange(TimeSpan span) => span >= TimeSpan.FromSeconds(1) && span <= TimeSpan.FromHours(1);
}

/// <summary>Sees one thing and says which level it takes.</summary>
public sealed record DegradationRule
{
    public required string Name { get; init; }

    /// <summary>The dependency whose failure it sees; null: it reads <see cref="Signal"/>.</summary>
    public string? Dependency { get; init; }

    public HealthSignal? Signal { get; init; }

    /// <summary>From this value of the signal on it is in force.</summary>
    public double Enter { get; init; }

    /// <summary>Below this value it heals; under <see cref="Enter"/>.</summary>
    public double Leave { get; init; }

    public required DegradationLevel Level { get; init; }

    /// <summary>What it does; null: what its level does.</summary>
    public DegradationEffects? Effects { get; init; }

    internal string? Wrong() =>
        string.IsNullOrWhiteSpace(Name) ? "a rule has no name"
        : Dependency is null == Signal is null ? $"{Name}: either a dependency or a signal"
        : Signal is { } signal && !Enum.IsDefined(signal) ? $"{Name}: there is no such signal"
        : Signal is not null && !(Leave < Enter) ? $"{Name}: leave must be below enter, or it would flap"
        : Level is < DegradationLevel.Partial or > DegradationLevel.Emergency ? $"{Name}: the level is partial, minimal or emergency"
        : Effects is { } effects && Wrong(effects) is { } wrong ? $"{Name}: {wrong}" : null;

    internal static string? Wrong(DegradationEffects effects) =>
        effects.Off.FirstOrDefault(feature => !Feature.All.Contains(feature)) is { } unknown ? $"there is no feature {unknown}; there are {string.Join(", ", Feature.All)}"
        : effects.CacheForSeconds is < 1 or > 86_400 ? "cacheForSeconds must lie between 1 and 86,400"
        : effects.RequestsPerSecond is < 1 or > 1_000_000 ? "requestsPerSecond must lie between 1 and 1,000,000"
        : effects is { RefusesMisses: true, CacheOnly: false } ? "refusesMisses needs cacheOnly" : null;
}
