namespace Sophia.Tenants;

/// <summary>How tenants are deleted. Checked at start.</summary>
public sealed class TenantEndOptions
{
    /// <summary>How long a deletion can be taken back. Default 7 days, range 0 to 365 days. SOPHIA_TENANT_GRACE.</summary>
    public TimeSpan Grace { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long after its doors began to close the erasing begins: until then every process knows, and what was on its way to a store has arrived or failed. Default 45 s (a statement may take 30 s); at least
    /// <see cref="ITenantGate.HoldsWithin"/>, at most an hour.</summary>
    public TimeSpan CloseFor { get; set; } = TimeSpan.FromSeconds(45);

    /// <summary>Whether every value is in its range.</summary>
    public bool IsInRange => Grace >= TimeSpan.Zero && Grace <= TimeSpan.FromDays(365) && CloseFor >= ITenantGate.HoldsWithin && CloseFor <= TimeSpan.FromHours(1);
}
