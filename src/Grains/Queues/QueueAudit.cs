using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>Writes what is done to queues and dead letters into the tenant's log, under the stream audit/queue, before it is done: whoever does it again after an unknown outcome is written down twice.</summary>
internal sealed class QueueAudit(ILogStore log, TenantId tenant, TimeProvider time)
{
    public const string Stream = OwnStreams.Audit + "/queue";

    /// <summary>What was asked for of late, newest first.</summary>
    public async Task<IReadOnlyList<QueueDeed>> Newest(int limit, CancellationToken cancellation) => [.. (await log.Current(tenant, Stream, null, limit, cancellation)).Select(Deed)];

    /// <param name="what">The verb.</param>
    /// <param name="of">What it is done to: a queue, or ids of items.</param>
    public async Task Write(string what, string by, string of, string? because)
    {
        var now = time.GetUtcNow();
        var payload = Encoding.UTF8.GetBytes(new JsonObject { ["what"] = what, ["of"] = of, ["by"] = by, ["because"] = because, ["at"] = now.ToString("O", CultureInfo.InvariantCulture) }.ToJsonString());
        var entry = new NewEntry(EntryType.Audit, Stream, KeyOf(now, what), RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload), OnlyIfChanged: false);
        var writer = new FencedWriter(log, tenant, "queue/audit"); // Each time anew: two grains write here, seldom, and neither keeps the other out.
        for (var tries = 1; ; tries++)
            switch (await writer.Append(new AppendBatch { Fence = FencedWriter.Unset, At = now, Entries = [entry] }, CancellationToken.None))
            {
                case LogWrite.Moved when tries < FencedWriter.MaxTries:
                    continue;
                case LogWrite.Done:
                    return;
                default:
                    throw Superseded.Refusal($"The queue of {tenant}", time);
            }
    }

    // Later ones stand before earlier ones, so that the newest are found without the others.
    private static string KeyOf(DateTimeOffset at, string what) => string.Create(CultureInfo.InvariantCulture, $"{long.MaxValue - at.UtcTicks:D19}-{what}");

    private static QueueDeed Deed(LogEntry entry)
    {
        var said = JsonNode.Parse(entry.Payload.Span)!;
        return new QueueDeed(entry.At, (string?)said["what"] ?? "", (string?)said["of"] ?? "", (string?)said["by"] ?? "", (string?)said["because"]);
    }
}
