using System.Globalization;
using System.Text.Json.Nodes;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Writes down that erased records may come again, before they may: by whom, and by which marks.</summary>
internal sealed class ErasureAudit(ILogStore log, TenantId tenant, TimeProvider time)
{
    public Task Allowed(IReadOnlyList<UInt128> marks, string by)
    {
        var now = time.GetUtcNow();
        return new AuditEntry(ErasureSteps.AuditStream, "erasure/audit", "The audit of erasures").Write(log, tenant, string.Create(CultureInfo.InvariantCulture, $"allow-{now.UtcTicks}"),
            new JsonObject { ["what"] = "allow", ["by"] = by, ["at"] = AuditEntry.Text(now), ["marks"] = new JsonArray([.. marks.Select(mark => (JsonNode)RecordMark.Text(mark))]) }, now, time);
    }
}
