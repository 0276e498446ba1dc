using Sophia.Tenants;

namespace Sophia.Security;

/// <summary>Who may call which grain. Pure.</summary>
/// <remarks>
/// A call acts for the tenant that its context names. Where it names none (a timer, a reminder), a grain acts for the tenant of its own key.
/// Work that belongs to no tenant says that it is the system's, and why.
/// </remarks>
internal static class TenantCallRules
{
    /// <summary>The tenant whose door a call comes through, which may be closed; null where grains of one tenant talk to each other, or the system does.</summary>
    /// <remarks>A delivery proves itself inside: whether its tenant is suspended is nothing that a stranger learns. The log refuses it.</remarks>
    public static TenantId? IsFromOutside(string target, string? systemReason, string? source, System.Reflection.MethodInfo? method) =>
        systemReason is null && TenantKey.TryParse(target, out var key) && !(TenantKey.TryParse(source, out var own) && own.Tenant == key.Tenant)
            && method is not { Name: nameof(Pipelines.IPipelineGrain.Deliver) or nameof(Pipelines.IPipelineGrain.Proves) } ? key.Tenant : null;

    /// <param name="target">The key of the grain that is called.</param>
    /// <param name="caller">The tenant that the context names, or null.</param>
    /// <param name="systemReason">Why the call is the system's work, or null.</param>
    /// <param name="source">The key of the grain that calls, or null where no grain does.</param>
    public static bool MayCall(string target, TenantId? caller, string? systemReason, string? source)
    {
        if (systemReason is not null)
            return true;
        var actsFor = caller ?? (TenantKey.TryParse(source, out var own) ? own.Tenant : null);
        return actsFor is { } tenant && tenant.Value != TenantKey.System
            && TenantKey.TryParse(target, out var key) && key.Tenant == tenant;
    }
}
