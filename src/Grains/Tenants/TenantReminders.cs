using Orleans.Timers;

namespace Sophia.Tenants;

/// <summary>The reminders of a tenant's grains. They are taken back through the runtime, so that no process goes on ringing.</summary>
internal sealed class TenantReminders(IReminderTable table, IReminderRegistry registry) : ITenantMemory
{
    public string Name => "reminders";

    public bool Wakes => true;

    public async Task<long> Count(TenantId tenant, CancellationToken cancellation) => (await Of(tenant)).Count;

    public async Task Erase(TenantId tenant, CancellationToken cancellation)
    {
        foreach (var grain in (await Of(tenant)).Select(row => row.GrainId).Distinct())
            foreach (var reminder in await registry.GetReminders(grain))
                await registry.UnregisterReminder(grain, reminder);
    }

    // Equal bounds are the whole ring.
    private async Task<List<ReminderEntry>> Of(TenantId tenant) =>
        [.. (await table.ReadRows(0, 0)).Reminders.Where(row => TenantKey.TryParse(row.GrainId.Key.ToString(), out var key) && key.Tenant == tenant)];
}
