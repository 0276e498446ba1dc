using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>What goes into one line of the audit. Pure.</summary>
internal sealed record IdempotencyTally(long Replayed, long Mismatches, long TakenOver, long Late, ImmutableArray<string> Examples, DateTimeOffset From, DateTimeOffset Until)
{
    /// <summary>Operations that a line names.</summary>
    public const int MaxExamples = 20;

    public static readonly IdempotencyTally Empty = new(0, 0, 0, 0, [], default, default);

    public long Total => Replayed + Mismatches + TakenOver + Late;

    public IdempotencyTally With(IdempotencyEvent what, string operation, DateTimeOffset now)
    {
        var example = $"{what}: {operation}";
        var counted = what switch
        {
            IdempotencyEvent.Replayed => this with { Replayed = Replayed + 1 },
            IdempotencyEvent.Mismatch => this with { Mismatches = Mismatches + 1 },
            IdempotencyEvent.TakenOver => this with { TakenOver = TakenOver + 1 },
            _ => this with { Late = Late + 1 },
        };
        return counted with
        {
            From = Total == 0 ? now : From,
            Until = now,
            Examples = Examples.Length < MaxExamples && !Examples.Contains(example) ? Examples.Add(example) : Examples,
        };
    }
}

/// <summary>Writes a tally into the tenant's log, under the stream audit/idempotency.</summary>
internal static class IdempotencyAudit
{
    public const string Stream = OwnStreams.Audit + "/idempotency";

    public static Task Write(ILogStore log, TenantId tenant, IdempotencyTally tally, TimeProvider time)
    {
        var now = time.GetUtcNow();
        return new AuditEntry(Stream, "idempotency/audit", $"Tenant {tenant}").Write(log, tenant, KeyOf(now, "keys"), new JsonObject
        {
            ["replayed"] = tally.Replayed, ["mismatches"] = tally.Mismatches, ["takenOver"] = tally.TakenOver, ["late"] = tally.Late, ["from"] = AuditEntry.Text(tally.From), ["until"] = AuditEntry.Text(tally.Until),
            ["examples"] = new JsonArray([.. tally.Examples.Select(example => JsonValue.Create(example))]),
        }, now, time);
    }

    /// <summary>That somebody takes a key out of the hands of whoever is at it.</summary>
    public static Task Released(ILogStore log, TenantId tenant, string name, string operation, string by, string because, TimeProvider time)
    {
        var now = time.GetUtcNow();
        return new AuditEntry(Stream, "idempotency/audit", $"Tenant {tenant}").Write(log, tenant, KeyOf(now, "released"),
            new JsonObject { ["what"] = "released", ["name"] = name, ["operation"] = operation, ["by"] = by, ["because"] = because, ["at"] = AuditEntry.Text(now) }, now, time);
    }

    /// <summary>Lines of the audit, newest first.</summary>
    public static async Task<IReadOnlyList<IdempotencyLine>> Newest(ILogStore log, TenantId tenant, int limit, CancellationToken cancellation) =>
        [.. (await log.Current(tenant, Stream, null, limit, cancellation)).Select(Line).OrderByDescending(line => line.At)];

    // Later ones stand before earlier ones, and before those of older versions, so that the newest are found without the others.
    private static string KeyOf(DateTimeOffset at, string what) => string.Create(CultureInfo.InvariantCulture, $"at-{long.MaxValue - at.UtcTicks:D19}-{what}");

    private static IdempotencyLine Line(LogEntry entry)
    {
        var said = JsonNode.Parse(entry.Payload.Span)!;
        return (string?)said["what"] == "released" ? new IdempotencyLine(entry.At, "released", (string?)said["operation"] ?? "", (string?)said["by"], (string?)said["because"] ?? "")
            : new IdempotencyLine(entry.At, "counted", string.Join("; ", (said["examples"]?.AsArray() ?? []).Select(example => (string?)example)), null,
                string.Create(CultureInfo.InvariantCulture, $"{Count("replayed")} replayed, {Count("mismatches")} mismatched, {Count("takenOver")} taken over, {Count("late")} late"));

        long Count(string name) => (long?)said[name] ?? 0;
    }
}
