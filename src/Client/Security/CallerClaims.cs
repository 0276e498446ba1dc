using System.Security.Claims;

namespace Sophia.Security;

/// <summary>A caller as the claims of an HTTP request, a hub connection or a page.</summary>
public static class CallerClaims
{
    private const string TenantClaim = "tenant";
    private const string KeyClaim = "key";
    private const string RoleClaim = "role";

    public static ClaimsPrincipal ToPrincipal(this Caller caller, string scheme) => new(new ClaimsIdentity(
        [
            new(TenantClaim, caller.Tenant.Value),
            new(KeyClaim, caller.KeyId),
            new(ClaimTypes.Name, caller.Label),
            new(RoleClaim, caller.Role.ToString()),
        ], scheme, ClaimTypes.Name, RoleClaim));

    /// <summary>Who is signed in, or null.</summary>
    public static Caller? TryCaller(this ClaimsPrincipal user) =>
        user.Identity?.IsAuthenticated == true
        && TenantId.TryParse(user.FindFirstValue(TenantClaim), out var tenant)
        && Enum.TryParse<TenantRole>(user.FindFirstValue(RoleClaim), out var role)
            ? new Caller(tenant, user.FindFirstValue(KeyClaim) ?? "", user.FindFirstValue(ClaimTypes.Name) ?? "", role)
            : null;

    /// <summary>Who is signed in.</summary>
    /// <exception cref="RefusedException">Unauthenticated.</exception>
    public static Caller Caller(this ClaimsPrincipal user) =>
        user.TryCaller() ?? throw new RefusedException(RefusalCode.Unauthenticated, "Sign in first.");
}
