using System.Globalization;
using System.Text.Json.Nodes;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Writes down that erased records may come again, before they may: by whom, and by which marks.</summary>
internal sealed class ErasureAudit(ILogStore log, TenantId tenant, TimeProvider time)
{
    public async Task Allowed(IReadOnlyList<UInt128> marks, string by)
    {
        var now = time.GetUtcNow();
        var json = new JsonObject { ["what"] = "allow", ["by"] = by, ["at"] = now.ToString("O", CultureInfo.InvariantCulture), ["marks"] = new JsonArray([.. marks.Select(mark => (JsonNode)RecordMark.Text(mark))]) };
        var payload = System.Text.Encoding.UTF8.GetBytes(json.ToJsonString());
        var entry = new NewEntry(EntryType.Audit, ErasureSteps.AuditStream, string.Create(CultureInfo.InvariantCulture, $"allow-{now.UtcTicks}"), RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload), OnlyIfChanged: false);
        var writer = new FencedWriter(log, tenant, "erasure/audit");
        for (var tries = 1; ; tries++)
            switch (await writer.Append(new AppendBatch { Fence = FencedWriter.Unset, At = now, Entries = [entry] }, CancellationToken.None))
            {
                case LogWrite.Moved when tries < FencedWriter.MaxTries:
                    continue;
                case LogWrite.Done:
                    return;
                default:
                    throw Superseded.Refusal("The audit of erasures", time);
            }
    }
}
