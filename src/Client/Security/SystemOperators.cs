namespace Sophia.Security;

/// <summary>Those who look after the installation and not only after their tenant: operators (and above) of the system's tenant.</summary>
public static class SystemOperators
{
    public static bool IsSystemOperator(this Caller? caller, TenantId systemTenant) => caller is { Role: >= TenantRole.Operator } && caller.Tenant == systemTenant;

    /// <summary>Lets nobody else in.</summary>
    public static TBuilder RequireSystemOperator<TBuilder>(this TBuilder endpoint, TenantId systemTenant)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.RequireAuthorization(policy => policy.RequireAuthenticatedUser().RequireAssertion(context => context.User.TryCaller().IsSystemOperator(systemTenant)));
}
