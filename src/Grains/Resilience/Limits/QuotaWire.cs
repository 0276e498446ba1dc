using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sophia.Resilience;

/// <summary>What a process decides by.</summary>
/// <param name="Share">Millionths of rate and burst.</param>
/// <param name="Grant">Numbers the tokens that are given along: they count once, however often the copy comes.</param>
/// <param name="Asks">Somebody is short: the process is to say now what it was asked for.</param>
internal sealed record QuotaCopy(int Share, double Tokens, long Grant, bool Asks = false);

/// <param name="Uses">The share that the process goes by now.</param>
/// <param name="Demand">What it was asked for, admitted or not, a second.</param>
/// <param name="Left">The process stops in order: tokens that it gives back, with all of its share but what it uses. Null: it goes on.</param>
internal sealed record QuotaReport(int Uses, double Demand, double? Left = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(QuotaCopy))]
[JsonSerializable(typeof(QuotaReport))]
internal sealed partial class QuotaJson : JsonSerializerContext;

/// <summary>Quotas as a kind of truth.</summary>
internal sealed class QuotaKind : ReplicaKind<QuotaCopy>
{
    public const string Kind = "quota";

    public static QuotaKind Singleton { get; } = new();

    public override string Name => Kind;

    public override bool ReportsAreWhole => true;

    public override IReplicatedGrain Truth(IGrainFactory grains, string key) => grains.GetGrain<IRateLimitGrain>(key);

    public override QuotaCopy Read(byte[] bytes) => JsonSerializer.Deserialize(bytes, QuotaJson.Default.QuotaCopy) ?? throw new JsonException("null");

    public static byte[] Write(QuotaCopy copy) => JsonSerializer.SerializeToUtf8Bytes(copy, QuotaJson.Default.QuotaCopy);

    public static byte[] Write(QuotaReport report) => JsonSerializer.SerializeToUtf8Bytes(report, QuotaJson.Default.QuotaReport);

    public static QuotaReport ReadReport(byte[] bytes) => JsonSerializer.Deserialize(bytes, QuotaJson.Default.QuotaReport) ?? throw new JsonException("null");
}
