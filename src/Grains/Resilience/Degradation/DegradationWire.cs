using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sophia.Resilience;

/// <summary>What a process goes by.</summary>
internal sealed record DegradationCopy(DegradationLevel Level, string? Because, DateTimeOffset? Since, DegradationEffects Effects);

/// <summary>What a process saw lately; each report says it all.</summary>
/// <param name="Times">How many requests took how long, by <see cref="LatencyBuckets"/>.</param>
/// <param name="Sources">What pipelines read; null: the process is of a release that does not tell.</param>
internal sealed record HealthReport(long Requests, long Failed, IReadOnlyList<long> Times, IReadOnlyList<SignalValue> Signals, IReadOnlyList<DependencyHealth> Dependencies, IReadOnlyList<SourceHealth>? Sources = null);

internal sealed record SignalValue(HealthSignal Signal, double Value);

/// <param name="Because">Why it fails; null: it works.</param>
internal sealed record DependencyHealth(string Name, string? Because);

/// <summary>The source of a type of one tenant's pipeline.</summary>
/// <param name="Because">Why it fails; null: it works.</param>
internal sealed record SourceHealth(string Type, string Tenant, string Pipeline, string? Because);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DegradationCopy))]
[JsonSerializable(typeof(HealthReport))]
internal sealed partial class DegradationJson : JsonSerializerContext;

/// <summary>Degradation as a kind of truth.</summary>
internal sealed class DegradationKind : ReplicaKind<DegradationCopy>
{
    public const string Kind = "degradation";

    public static DegradationKind Singleton { get; } = new();

    public override string Name => Kind;

    public override bool ReportsAreWhole => true;

    public override IReplicatedGrain Truth(IGrainFactory grains, string key) => grains.GetGrain<IDegradationGrain>(key);

    public override DegradationCopy Read(byte[] bytes) => JsonSerializer.Deserialize(bytes, DegradationJson.Default.DegradationCopy) ?? throw new JsonException("null");

    public static byte[] Write(DegradationCopy copy) => JsonSerializer.SerializeToUtf8Bytes(copy, DegradationJson.Default.DegradationCopy);

    public static byte[] Write(HealthReport report) => JsonSerializer.SerializeToUtf8Bytes(report, DegradationJson.Default.HealthReport);

    public static HealthReport ReadReport(byte[] bytes) => JsonSerializer.Deserialize(bytes, DegradationJson.Default.HealthReport) ?? throw new JsonException("null");
}
