using Orleans.Core.Internal;

namespace Sophia.Tenants;

/// <summary>The running grains of a tenant, in every process.</summary>
internal sealed class TenantActivations(IGrainFactory grains)
{
    public async Task<IReadOnlyList<GrainId>> Of(TenantId tenant) =>
        [.. (await grains.GetGrain<IManagementGrain>(0).GetDetailedGrainStatistics()).Select(line => line.GrainId)
            .Where(id => TenantKey.TryParse(id.Key.ToString(), out var key) && key.Tenant == tenant)];

    /// <summary>Asks each of them to end once it is idle. One that ends in between cannot come back: its state is closed.</summary>
    public async Task End(IReadOnlyList<GrainId> running)
    {
        foreach (var grain in running)
            try
            {
                await grains.GetGrain<IGrainManagementExtension>(grain).DeactivateOnIdle();
            }
            catch (Exception gone) when (gone is not OperationCanceledException)
            {
                // Whether it has ended is looked at, not believed.
            }
    }
}
