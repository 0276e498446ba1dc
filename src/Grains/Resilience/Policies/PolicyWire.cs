using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sophia.Resilience;

/// <summary>What a process saw of one owner's policies and bulkheads; each report says it all.</summary>
internal sealed record PolicyReport(IReadOnlyList<PolicySeen> Policies, IReadOnlyList<BulkheadSeen> Bulkheads, long HeldBytes);

/// <summary>Nothing is decided by it: options are the process's own.</summary>
internal sealed record PolicyCopy;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PolicyReport))]
[JsonSerializable(typeof(PolicyCopy))]
internal sealed partial class PolicyJson : JsonSerializerContext;

/// <summary>Policies as a kind of truth: one that only gathers.</summary>
internal sealed class PolicyKind : ReplicaKind<PolicyCopy>
{
    public const string Kind = "policies";

    public static PolicyKind Singleton { get; } = new();

    public override string Name => Kind;

    public override bool ReportsAreWhole => true;

    public override IReplicatedGrain Truth(IGrainFactory grains, string key) => grains.GetGrain<IPolicyGrain>(key);

    public override PolicyCopy Read(byte[] bytes) => JsonSerializer.Deserialize(bytes, PolicyJson.Default.PolicyCopy) ?? throw new JsonException("null");

    public static byte[] Write(PolicyReport report) => JsonSerializer.SerializeToUtf8Bytes(report, PolicyJson.Default.PolicyReport);

    public static PolicyReport ReadReport(byte[] bytes) => JsonSerializer.Deserialize(bytes, PolicyJson.Default.PolicyReport) ?? throw new JsonException("null");
}
