using System.Text.Json.Nodes;
using Sophia.Log;

namespace Sophia.Tenants;

/// <summary>Writes what was done to a tenant into the tenant's own log, under the stream audit/tenant, before it is done: whoever does it again after an unknown outcome is written down twice.</summary>
internal sealed class TenantAudit(ILogStore log, TenantId tenant, TimeProvider time)
{
    public const string Stream = OwnStreams.Audit + "/tenant";

    /// <summary>How long whoever owes an entry waits for it: 2 s. He holds up those who ask him something else.</summary>
    private static readonly TimeSpan OwedWithin = TimeSpan.FromSeconds(2);

    public Task Write(string what, string by, string? because) => Write(what, what, by, because, time.GetUtcNow(), isOnce: false);

    /// <summary>What happened then is written, once, however often it is asked for; of one kind, and of one thing, nothing else happened in that tick. Of what is owed: it is waited for <see cref="OwedWithin"/> at most, and may be written after that.</summary>
    /// <param name="of">What it happened to, where several such things may happen in one tick.</param>
    /// <exception cref="TimeoutException">The audit did not answer.</exception>
    public Task WriteOnce(string what, string by, string? because, DateTimeOffset at, string? of = null) => Write(of is null ? what : $"{what}-{of}", what, by, because, at, isOnce: true).WaitAsync(OwedWithin, time);

    private Task Write(string kind, string what, string by, string? because, DateTimeOffset at, bool isOnce)
    {
        var name = $"{kind}-{at.UtcTicks}";
        return new AuditEntry(Stream, "tenant/audit", $"Tenant {tenant}").Write(log, tenant, name,
            new JsonObject { ["what"] = what, ["by"] = by, ["because"] = because, ["at"] = AuditEntry.Text(at) }, time.GetUtcNow(), time, isOnce ? $"audit/{name}" : null);
    }
}
