using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sophia.Resilience;

/// <summary>What a process decides by. Times are spans, because the clocks of two machines differ.</summary>
/// <param name="OpenFor">How long the break still lasts, as of the writing.</param>
/// <param name="Share">Of a hundred calls, how many are let through.</param>
/// <param name="Probes">Probes of the process that reads this.</param>
/// <param name="Asks">Somebody sees it failing, and the process has said nothing yet in this round: it is to say now what it sees.</param>
internal sealed record BreakerCopy(long Epoch, long Round, BreakerPhase Phase, BreakerHold Hold, string? Because, string? HeldBecause, TimeSpan OpenFor, int Share, IReadOnlyList<BreakerGrant> Probes, bool Asks = false);

/// <param name="For">How long it may begin, from the moment at which it was asked for.</param>
internal sealed record BreakerGrant(long Number, TimeSpan For);

/// <summary>What a process saw in one round. Each report says it all, so that one that comes twice, or not at all, changes nothing.</summary>
/// <param name="Wants">Probes that it has callers for, beside those that it has. A report that comes again is given none.</param>
/// <param name="Settled">Probes of this round that came back.</param>
internal sealed record BreakerReport(long Epoch, long Round, int Wants, CallCounts Counts, bool OpensHere, IReadOnlyList<BreakerSettled> Settled);

/// <param name="Succeeded">Null: it was handed back.</param>
internal sealed record BreakerSettled(long Number, bool? Succeeded);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(BreakerCopy))]
[JsonSerializable(typeof(BreakerReport))]
internal sealed partial class BreakerJson : JsonSerializerContext;

/// <summary>Breakers as a kind of truth.</summary>
internal sealed class BreakerKind : ReplicaKind<BreakerCopy>
{
    public const string Kind = "breaker";

    public static BreakerKind Singleton { get; } = new();

    public override string Name => Kind;

    public override bool ReportsAreWhole => true;

    public override IReplicatedGrain Truth(IGrainFactory grains, string key) => grains.GetGrain<ICircuitBreakerGrain>(key);

    public override BreakerCopy Read(byte[] bytes) => JsonSerializer.Deserialize(bytes, BreakerJson.Default.BreakerCopy) ?? throw new JsonException("null");

    public static byte[] Write(BreakerCopy copy) => JsonSerializer.SerializeToUtf8Bytes(copy, BreakerJson.Default.BreakerCopy);

    public static byte[] Write(BreakerReport report) => JsonSerializer.SerializeToUtf8Bytes(report, BreakerJson.Default.BreakerReport);

    public static BreakerReport ReadReport(byte[] bytes) => JsonSerializer.Deserialize(bytes, BreakerJson.Default.BreakerReport) ?? throw new JsonException("null");
}
