namespace Sophia.Resilience;

/// <summary>The rules and levels that Sophia comes with.</summary>
public static class ShippedRules
{
    /// <summary>Nothing new is fetched, answers may be up to an hour old and say so; models are spared.</summary>
    public static DegradationEffects Partial { get; } = new([Feature.DataTransformations, Feature.ModelAnswers, Feature.RealTimeSync], CacheOnly: true);

    /// <summary>The same, and nothing large is begun.</summary>
    public static DegradationEffects Minimal { get; } = Partial.With(new([Feature.Exports, Feature.Replays], CacheOnly: true, RequestsPerSecond: 100));

    /// <summary>What is remembered is told, and nothing else is looked up.</summary>
    public static DegradationEffects Emergency { get; } = Minimal.With(new([], CacheOnly: true, RefusesMisses: true, RequestsPerSecond: 20));

    public static IReadOnlyList<DegradationRule> All { get; } =
    [
        new() { Name = "airbyte_failure", Dependency = "airbyte", Level = DegradationLevel.Partial, Effects = new([Feature.DataTransformations, Feature.RealTimeSync], CacheOnly: true, CacheForSeconds: 3_600, SaysStale: true) },
        new() { Name = "redis_failure", Dependency = "redis", Level = DegradationLevel.Partial, Effects = new([Feature.Caching, Feature.SessionStorage], RequestsPerSecond: 100) },
        new() { Name = "model_failure", Dependency = "model", Level = DegradationLevel.Partial, Effects = new([Feature.ModelAnswers]) },
        new() { Name = "errors", Signal = HealthSignal.ErrorRate, Enter = 5, Leave = 1, Level = DegradationLevel.Partial, Effects = new([Feature.Exports, Feature.RealTimeSync, Feature.Replays]) },
        new() { Name = "many_errors", Signal = HealthSignal.ErrorRate, Enter = 20, Leave = 5, Level = DegradationLevel.Minimal },
        new() { Name = "mostly_errors", Signal = HealthSignal.ErrorRate, Enter = 50, Leave = 20, Level = DegradationLevel.Emergency },
        new() { Name = "slow", Signal = HealthSignal.P95, Enter = 5_000, Leave = 1_000, Level = DegradationLevel.Partial, Effects = new([Feature.Exports, Feature.ModelAnswers, Feature.Replays], CacheOnly: true) },
        new() { Name = "very_slow", Signal = HealthSignal.P95, Enter = 10_000, Leave = 2_000, Level = DegradationLevel.Minimal },
        new() { Name = "index_behind", Signal = HealthSignal.QueueAge, Enter = 1_800, Leave = 300, Level = DegradationLevel.Partial, Effects = new([Feature.RealTimeSync]) },
        new() { Name = "memory_short", Signal = HealthSignal.Memory, Enter = 90, Leave = 75, Level = DegradationLevel.Partial },
        new() { Name = "memory_none", Signal = HealthSignal.Memory, Enter = 97, Leave = 90, Level = DegradationLevel.Emergency },
        new() { Name = "disk_full", Signal = HealthSignal.Disk, Enter = 2, Leave = 1.5, Level = DegradationLevel.Minimal, Effects = new([Feature.Exports, Feature.RealTimeSync, Feature.Replays]) },
    ];
}
