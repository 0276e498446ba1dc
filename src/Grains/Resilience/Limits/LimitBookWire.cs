using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sophia.Resilience;

/// <summary>What a process must know of one tenant's limits. Times are spans, because clocks of machines differ.</summary>
internal sealed record LimitBookCopy(IReadOnlyList<LimitBookTerms> Terms, IReadOnlyList<LimitBookPenalty> Penalties);

internal sealed record LimitBookTerms(string Limit, LimitTerms Terms);

internal sealed record LimitBookPenalty(string Of, string Limit, bool IsBan, TimeSpan For);

/// <summary>Who was refused, by which limit; a report counts once.</summary>
internal sealed record LimitBookReport(IReadOnlyList<LimitViolation> Violations);

internal sealed record LimitViolation(string Of, string Limit);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LimitBookCopy))]
[JsonSerializable(typeof(LimitBookReport))]
internal sealed partial class LimitBookJson : JsonSerializerContext;

/// <summary>Books of limits as a kind of truth.</summary>
internal sealed class LimitBookKind : ReplicaKind<LimitBookCopy>
{
    public const string Kind = "limits";

    public static LimitBookKind Singleton { get; } = new();

    public override string Name => Kind;

    public override IReplicatedGrain Truth(IGrainFactory grains, string key) => grains.GetGrain<ILimitBookGrain>(key);

    public override LimitBookCopy Read(byte[] bytes) => JsonSerializer.Deserialize(bytes, LimitBookJson.Default.LimitBookCopy) ?? throw new JsonException("null");

    public static byte[] Write(LimitBookCopy copy) => JsonSerializer.SerializeToUtf8Bytes(copy, LimitBookJson.Default.LimitBookCopy);

    public static byte[] Write(LimitBookReport report) => JsonSerializer.SerializeToUtf8Bytes(report, LimitBookJson.Default.LimitBookReport);

    public static LimitBookReport ReadReport(byte[] bytes) => JsonSerializer.Deserialize(bytes, LimitBookJson.Default.LimitBookReport) ?? throw new JsonException("null");
}
