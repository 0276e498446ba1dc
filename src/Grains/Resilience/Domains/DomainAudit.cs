using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Writes changes of containments into the log of the tenant that looks after the installation, each once, however often it is asked.</summary>
internal sealed class DomainAudit(ILogStore log, TenantId tenant)
{
    public async Task Write(IReadOnlyList<DomainChange> changes)
    {
        var writer = new FencedWriter(log, tenant, "audit/domains");
        foreach (var change in changes)
        {
            var payload = Encoding.UTF8.GetBytes(new JsonObject
            {
                ["what"] = $"containment-{change.What}", ["by"] = change.By ?? "rules", ["because"] = change.Because, ["at"] = change.At.ToString("O", CultureInfo.InvariantCulture),
                ["containment"] = change.Containment, ["node"] = change.Node, ["tenant"] = change.Tenant,
            }.ToJsonString());
            var entry = new NewEntry(EntryType.Audit, TenantAudit.Stream, $"containment-{change.Containment}-{change.What}-{change.Number}", RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload), OnlyIfChanged: false);
            await Append(writer, new AppendBatch { Fence = FencedWriter.Unset, At = change.At, Entries = [entry], OnceKey = $"domains/{change.Number}/{change.At.UtcTicks}" });
        }
    }

    private async Task Append(FencedWriter writer, AppendBatch batch)
    {
        for (var tries = 1; ; tries++)
            switch (await writer.Append(batch, CancellationToken.None))
            {
                case LogWrite.Moved when tries < FencedWriter.MaxTries:
                    continue;
                case LogWrite.Done or LogWrite.AlreadyDone:
                    return;
                default:
                    throw new IOException($"The audit of {tenant} is being written by another process.");
            }
    }
}
