using System.Text.Json.Nodes;
using Sophia.Log;

namespace Sophia.Tenants;

/// <summary>Writes what was done to a tenant into the tenant's own log, under the stream audit/tenant, before it is done: whoever does it again after an unknown outcome is written down twice.</summary>
internal sealed class TenantAudit(ILogStore log, TenantId tenant, TimeProvider time)
{
    public const string Stream = OwnStreams.Audit + "/tenant";

    public Task Write(string what, string by, string? because)
    {
        var now = time.GetUtcNow();
        return new AuditEntry(Stream, "tenant/audit", $"Tenant {tenant}").Write(log, tenant, $"{what}-{now.UtcTicks}",
            new JsonObject { ["what"] = what, ["by"] = by, ["because"] = because, ["at"] = AuditEntry.Text(now) }, now, time);
    }
}
