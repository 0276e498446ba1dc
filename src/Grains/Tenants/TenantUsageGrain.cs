using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;

namespace Sophia.Tenants;

/// <summary>Asks the stores how much they keep for a tenant; the key is the tenant.</summary>
[StatelessWorker, InTenantPool]
internal sealed class TenantUsageGrain(ILogStore log, ITenantRoom room) : Grain, ITenantUsageGrain
{
    private TenantId Tenant => TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;

    public async Task<TenantUsage> View()
    {
        SystemCall.MustBe();
        var streams = (await log.Streams(Tenant, CancellationToken.None)).Where(stream => stream.Type == EntryType.Record).ToList();
        var taken = await room.Of(Tenant, CancellationToken.None);
        return new TenantUsage(streams.Sum(stream => stream.Records), streams.Count, taken.Bytes, taken.IsEstimate);
    }
}
