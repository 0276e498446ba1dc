using System.Globalization;
using System.Text.Json.Nodes;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;

namespace Sophia.Tenants;

/// <summary>Writes what was done to a tenant into the tenant's own log, under the stream audit/tenant, before it is done: whoever does it again after an unknown outcome is written down twice.</summary>
internal sealed class TenantAudit(ILogStore log, TenantId tenant, TimeProvider time)
{
    public const string Stream = OwnStreams.Audit + "/tenant";

    public async Task Write(string what, string by, string? because)
    {
        var now = time.GetUtcNow();
        var payload = System.Text.Encoding.UTF8.GetBytes(new JsonObject { ["what"] = what, ["by"] = by, ["because"] = because, ["at"] = now.ToString("O", CultureInfo.InvariantCulture) }.ToJsonString());
        var entry = new NewEntry(EntryType.Audit, Stream, $"{what}-{now.UtcTicks}", RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload), OnlyIfChanged: false);
        var writer = new FencedWriter(log, tenant, "tenant/audit"); // Each time anew: several grains write here, seldom, and none keeps the others out.
        for (var tries = 1; ; tries++)
            switch (await writer.Append(new AppendBatch { Fence = FencedWriter.Unset, At = now, Entries = [entry] }, CancellationToken.None))
            {
                case LogWrite.Moved when tries < FencedWriter.MaxTries:
                    continue;
                case LogWrite.Done:
                    return;
                default:
                    throw Superseded.Refusal($"Tenant {tenant}", time);
            }
    }
}
