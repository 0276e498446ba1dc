using Orleans.Runtime;
using Sophia.Tenants;

namespace Sophia.Security;

/// <summary>Says on whose behalf a grain call is made. It travels with the call; a filter compares it with the key of the grain called.</summary>
public static class CallerContext
{
    private const string TenantSlot = "sophia.tenant";
    private const string SystemSlot = "sophia.system";

    /// <summary>The tenant that the current call acts for, or null.</summary>
    public static TenantId? Tenant => RequestContext.Get(TenantSlot) is string text && TenantId.TryParse(text, out var id) ? id : null;

    /// <summary>Why the current call is system work, or null where it is not.</summary>
    public static string? SystemReason => RequestContext.Get(SystemSlot) as string;

    /// <summary>Acts for a tenant until disposed.</summary>
    public static Scope For(TenantId tenant) => new(tenant.Value, null);

    /// <summary>Acts as the system, with a reason that logs show, until disposed.</summary>
    public static Scope ForSystem(string reason) => new(null, reason);

    public readonly struct Scope : IDisposable
    {
        private readonly object? tenantBefore = RequestContext.Get(TenantSlot);
        private readonly object? systemBefore = RequestContext.Get(SystemSlot);

        internal Scope(string? tenant, string? system)
        {
            Put(TenantSlot, tenant);
            Put(SystemSlot, system);
        }

        public void Dispose()
        {
            Put(TenantSlot, tenantBefore);
            Put(SystemSlot, systemBefore);
        }

        private static void Put(string slot, object? value)
        {
            if (value is null)
                RequestContext.Remove(slot);
            else
                RequestContext.Set(slot, value);
        }
    }
}
