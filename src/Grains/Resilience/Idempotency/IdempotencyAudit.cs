using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Sophia.Log;
using Sophia.Pipelines;
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

    public static async Task Write(ILogStore log, TenantId tenant, IdempotencyTally tally, TimeProvider time)
    {
        var now = time.GetUtcNow();
        var payload = System.Text.Encoding.UTF8.GetBytes(new JsonObject
        {
            ["replayed"] = tally.Replayed, ["mismatches"] = tally.Mismatches, ["takenOver"] = tally.TakenOver, ["late"] = tally.Late,
            ["from"] = tally.From.ToString("O", CultureInfo.InvariantCulture), ["until"] = tally.Until.ToString("O", CultureInfo.InvariantCulture),
            ["examples"] = new JsonArray([.. tally.Examples.Select(example => JsonValue.Create(example))]),
        }.ToJsonString());
        var entry = new NewEntry(EntryType.Audit, Stream, $"keys-{now.UtcTicks}", RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload), OnlyIfChanged: false);
        var writer = new FencedWriter(log, tenant, "idempotency/audit");
        for (var tries = 1; ; tries++)
            switch (await writer.Append(new AppendBatch { Fence = FencedWriter.Unset, At = now, Entries = [entry] }, CancellationToken.None))
            {
                case LogWrite.Moved when tries < FencedWriter.MaxTries:
                    continue;
                case LogWrite.Done:
                    return;
                default:
                    throw Operations.Superseded.Refusal($"Tenant {tenant}", time);
            }
    }
}
