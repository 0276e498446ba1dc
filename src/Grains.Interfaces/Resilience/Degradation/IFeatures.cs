using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>What is offered to a tenant now. Read from this process's copies: in nanoseconds, without a call. While the truth cannot be reached, what was last known counts on.</summary>
public interface IFeatures
{
    OfferedNow Of(TenantId tenant);

    bool IsOn(TenantId tenant, string feature) => !Of(tenant).IsOff(feature);
}

/// <summary>Features that a level or a rule can turn off. Core paths are none of them: nothing turns off the acknowledgement of what comes in, audit, or sign-in.</summary>
public static class Feature
{
    /// <summary>Runs that begin by themselves (a watched source, a schedule). Off, they wait, and go on by themselves.</summary>
    public const string RealTimeSync = "real_time_sync";

    /// <summary>Runs whose streams are transformed. Off, they wait, and go on by themselves; deliveries are transformed always.</summary>
    public const string DataTransformations = "data_transformations";

    /// <summary>Remembered answers and vectors. Off, the source is read.</summary>
    public const string Caching = "caching";

    /// <summary>State of sessions in the fast store. Nothing of Sophia keeps any there: conversations lie in the log.</summary>
    public const string SessionStorage = "session_storage";

    /// <summary>Answers written by a model. Off, they are sentences of the records.</summary>
    public const string ModelAnswers = "model_answers";

    /// <summary>Exports of tenants. Off, they are refused with a time.</summary>
    public const string Exports = "exports";

    /// <summary>Replays of records into a scratch projection. Off, they are refused with a time.</summary>
    public const string Replays = "replays";

    public static IReadOnlyList<string> All { get; } = [Caching, DataTransformations, Exports, ModelAnswers, RealTimeSync, Replays, SessionStorage];
}

/// <summary>What counts for one tenant in this process.</summary>
/// <param name="Because">One sentence for people; null where everything is offered.</param>
public sealed record OfferedNow(DegradationLevel Level, string? Because, DateTimeOffset? Since, DegradationEffects Effects)
{
    public static OfferedNow Everything { get; } = new(DegradationLevel.Full, null, null, DegradationEffects.None);

    public bool IsOff(string feature) => Effects.Off.Contains(feature, StringComparer.Ordinal);

    /// <summary>Why a feature is off, in one sentence; null: it is on.</summary>
    public string? WhyOff(string feature) => IsOff(feature) ? $"{feature} is off for now (level {Level.ToString().ToLowerInvariant()}: {Because})" : null;
}

/// <summary>Takes what this process sees of its own health. Costs some nanoseconds; the rules hear of it within seconds.</summary>
public interface IHealth
{
    /// <summary>A request of a person or a program ended.</summary>
    /// <param name="failed">By Sophia's fault, not the caller's.</param>
    void Answered(TimeSpan took, bool failed);

    /// <param name="tenant">Whose dependency it is; null: the whole installation's.</param>
    /// <param name="dependency">A name that rules know, such as "airbyte".</param>
    void Worked(TenantId? tenant, string dependency);

    /// <param name="because">In words that the tenant may read.</param>
    /// <param name="times">What it counts, where one failure is the end of several tries.</param>
    void Failed(TenantId? tenant, string dependency, string because, int times = 1);

    /// <summary>A pipeline was read to its end from its source of a type. What it says concerns that pipeline alone, and a type only where many say the same.</summary>
    void SourceWorked(TenantId tenant, string pipeline, string type);

    /// <inheritdoc cref="SourceWorked"/>
    /// <param name="because">In words that the tenant may read; no other one is told.</param>
    /// <param name="times">What it counts, where one failure is the end of several tries.</param>
    void SourceFailed(TenantId tenant, string pipeline, string type, string because, int times = 1);

    /// <summary>How large a signal of a tenant is now; it is forgotten when nobody says it again for five minutes.</summary>
    /// <param name="source">Who says so: of several that measure one signal the worst counts.</param>
    void Measured(TenantId tenant, HealthSignal signal, double value, string source = "");
}

/// <summary>A part that can say at any time how it is: memory, disk, a store.</summary>
public interface IHealthSource
{
    /// <summary>Signals of this process. Answers from memory.</summary>
    IEnumerable<(HealthSignal Signal, double Value)> Signals { get; }

    /// <summary>Dependencies that fail for this process, with why. Answers from memory.</summary>
    IEnumerable<(string Dependency, string Because)> Failing { get; }
}
