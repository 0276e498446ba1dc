using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sophia.Resilience;

/// <summary>What a process of Sophia is.</summary>
public enum ProcessRole
{
    /// <summary>It carries grains, and may take requests as well.</summary>
    Silo = 1,

    /// <summary>It takes requests only.</summary>
    FrontEnd = 2,
}

/// <summary>What a process says of itself; each report says it all.</summary>
/// <param name="Tenants">Those that it works for, at most 500.</param>
/// <param name="Calls">What it called lately, at most 200.</param>
internal sealed record ProcessReport(string Name, ProcessRole Role, IReadOnlyList<string> Tenants, IReadOnlyList<SeenCalls> Calls);

/// <param name="Tenant">For whom; null: for the installation.</param>
/// <param name="Host">Host and port.</param>
internal sealed record SeenCalls(string? Tenant, string Host, long Calls, long Failed);

/// <summary>Processes decide nothing by it: it is what an exchange needs.</summary>
internal sealed record DomainCopy(long Version);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DomainCopy))]
[JsonSerializable(typeof(ProcessReport))]
internal sealed partial class DomainJson : JsonSerializerContext;

/// <summary>Failure domains as a kind of truth.</summary>
internal sealed class DomainTruth : ReplicaKind<DomainCopy>
{
    public const string Kind = "domains";

    public static DomainTruth Singleton { get; } = new();

    public override string Name => Kind;

    public override bool ReportsAreWhole => true;

    public override IReplicatedGrain Truth(IGrainFactory grains, string key) => grains.GetGrain<IFailureDomainsGrain>(key);

    public override DomainCopy Read(byte[] bytes) => JsonSerializer.Deserialize(bytes, DomainJson.Default.DomainCopy) ?? throw new JsonException("null");

    public static byte[] Write(DomainCopy copy) => JsonSerializer.SerializeToUtf8Bytes(copy, DomainJson.Default.DomainCopy);

    public static byte[] Write(ProcessReport report) => JsonSerializer.SerializeToUtf8Bytes(report, DomainJson.Default.ProcessReport);

    public static ProcessReport ReadReport(byte[] bytes) => JsonSerializer.Deserialize(bytes, DomainJson.Default.ProcessReport) ?? throw new JsonException("null");
}
