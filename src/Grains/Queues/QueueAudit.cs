using System.Globalization;
using System.Text.Json.Nodes;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>Writes what is done to queues and dead letters into the tenant's log, under the stream audit/queue, before it is done: whoever does it again after an unknown outcome is written down twice.</summary>
internal sealed class QueueAudit(ILogStore log, TenantId tenant, TimeProvider time)
{
    public const string Stream = OwnStreams.Audit + "/queue";

    /// <summary>By whom, where no person did it.</summary>
    public const string Rules = "rules";

    /// <summary>What was done of late, newest first.</summary>
    public async Task<IReadOnlyList<QueueDeed>> Newest(int limit, CancellationToken cancellation) => [.. (await log.Current(tenant, Stream, null, limit, cancellation)).Select(Deed)];

    /// <param name="what">The verb.</param>
    /// <param name="of">What it is done to: a queue, or ids of items.</param>
    public Task Write(string what, string by, string of, string? because)
    {
        var now = time.GetUtcNow();
        return new AuditEntry(Stream, "queue/audit", $"The queue of {tenant}").Write(log, tenant, KeyOf(now, what),
            new JsonObject { ["what"] = what, ["of"] = of, ["by"] = by, ["because"] = because, ["at"] = AuditEntry.Text(now) }, now, time);
    }

    // Later ones stand before earlier ones, so that the newest are found without the others.
    private static string KeyOf(DateTimeOffset at, string what) => string.Create(CultureInfo.InvariantCulture, $"{long.MaxValue - at.UtcTicks:D19}-{what}");

    private static QueueDeed Deed(LogEntry entry)
    {
        var said = JsonNode.Parse(entry.Payload.Span)!;
        return new QueueDeed(entry.At, (string?)said["what"] ?? "", (string?)said["of"] ?? "", (string?)said["by"] ?? "", (string?)said["because"]);
    }
}
