namespace Sophia.Tenants;

/// <summary>Whose things a request is about: the caller's own tenant's, or those of another that an operator of the system's tenant names.</summary>
internal sealed class NamedTenant(CallerReplica callers, ITenantGate gate, EdgeOptions edge)
{
    /// <param name="name">Null or empty: the caller's own.</param>
    /// <exception cref="RefusedException">Forbidden: another tenant's, and the caller does not look after the installation; the same whether there is such a tenant. NotFound: there is none.</exception>
    public async Task<TenantInView> Of(Caller caller, string? name)
    {
        if (string.IsNullOrEmpty(name) || name == caller.Tenant.Value)
            return new TenantInView(caller.Tenant, caller);
        if (!caller.IsSystemOperator(edge.SystemTenant))
            throw new RefusedException(RefusalCode.Forbidden, "Only operators of the system's tenant look after other tenants.");
        return await IsThere(name) ? new TenantInView(TenantId.Parse(name), caller) : throw new RefusedException(RefusalCode.NotFound, "There is no such tenant.");
    }

    /// <summary>Whether somebody created a tenant of this name that is not deleted: a made-up one wakes no grain.</summary>
    public async Task<bool> IsThere(string name) => TenantId.TryParse(name, out var tenant) && name != TenantKey.System && await callers.Exists(tenant) && !gate.IsEnded(tenant);
}

/// <summary>A tenant that somebody looks after: his own, or, as an operator of the system's tenant, another.</summary>
internal readonly record struct TenantInView(TenantId Tenant, Caller Caller)
{
    public bool IsOther => Tenant != Caller.Tenant;

    /// <summary>The tenant's name where it is not the caller's own; null: it is.</summary>
    public string? Other => IsOther ? Tenant.Value : null;

    /// <summary>Who acts, for the audit of the tenant that it is done to.</summary>
    public string By => IsOther ? $"{Caller.Tenant} {Caller.KeyId}" : $"{Caller.Label} ({Caller.KeyId})";

    /// <summary>Calls its grains until disposed.</summary>
    public CallerContext.Scope Enter(string reason) => IsOther ? CallerContext.ForSystem(reason) : CallerContext.For(Tenant);
}
