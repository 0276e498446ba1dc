using System.Diagnostics.Metrics;
using System.Text.Json;

namespace Sophia.Resilience;

/// <summary>What idempotency keys tell to whoever measures, for all tenants together.</summary>
internal static class IdempotencyMeter
{
    private static readonly Meter Meter = new("Sophia.Resilience.Idempotency");
    private static readonly Counter<long> Claims = Meter.CreateCounter<long>("sophia.idempotent.claims", "{claim}", "Claims of idempotency keys, by answer: granted, taken-over, running, replayed, mismatch.");
    private static readonly Counter<long> LateWords = Meter.CreateCounter<long>("sophia.idempotent.late", "{word}", "Words of workers whose round was over; they were refused.");
    private static readonly Counter<long> Removed = Meter.CreateCounter<long>("sophia.idempotent.swept", "{key}", "Keys that were forgotten because their time was over.");

    private static readonly Dictionary<ClaimKind, KeyValuePair<string, object?>> Answers = Enum.GetValues<ClaimKind>().ToDictionary(answer => answer, answer => new KeyValuePair<string, object?>("answer", JsonNamingPolicy.KebabCaseLower.ConvertName(answer.ToString())));

    public static void Claimed(ClaimKind answer) => Claims.Add(1, Answers[answer]);

    public static void Late() => LateWords.Add(1);

    public static void Swept(int keys) => Removed.Add(keys);
}
