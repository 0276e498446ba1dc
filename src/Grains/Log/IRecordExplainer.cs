using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Says for a record ("stream/key"), quarantined item or run which stage it is in, since when, and what it waits for.</summary>
public interface IRecordExplainer
{
    Task<WhyView> Explain(TenantId tenant, string id, CancellationToken cancellation);
}
