using Microsoft.AspNetCore.Authorization.Infrastructure;

namespace Sophia.Security;

/// <summary>The policies that routes ask for; each admits its role and every higher one.</summary>
public static class Roles
{
    /// <summary>Reads, searches, asks.</summary>
    public const string Viewer = "viewer";

    /// <summary>Starts and stops runs, decides about the quarantine, drops files.</summary>
    public const string Operator = "operator";

    /// <summary>Defines pipelines, issues and revokes keys.</summary>
    public const string Admin = "admin";

    /// <summary>Owns the tenant.</summary>
    public const string Owner = "owner";

    internal static void Add(AuthorizationOptions options)
    {
        options.AddPolicy(Viewer, AtLeast(TenantRole.Viewer));
        options.AddPolicy(Operator, AtLeast(TenantRole.Operator));
        options.AddPolicy(Admin, AtLeast(TenantRole.Admin));
        options.AddPolicy(Owner, AtLeast(TenantRole.Owner));
        options.DefaultPolicy = AtLeast(TenantRole.Viewer);
        options.FallbackPolicy = options.DefaultPolicy;
    }

    private static AuthorizationPolicy AtLeast(TenantRole role) => new AuthorizationPolicyBuilder()
        .RequireAuthenticatedUser()
        .AddRequirements(new AssertionRequirement(context => context.User.TryCaller() is { } caller && caller.Role >= role))
        .Build();
}
