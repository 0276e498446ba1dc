using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.HostFiltering;

namespace Sophia.Security;

/// <summary>Who may come in, how they prove it, and what every answer says to browsers.</summary>
public static class EdgeSecurity
{
    private const string Chooser = "sophia";

    public static IServiceCollection AddEdgeSecurity(this IServiceCollection services, EdgeOptions options)
    {
        services.AddSingleton<SignInThrottle>();
        services.AddSingleton<ProvedKeys>();
        services.AddSingleton<ITenantCopies>(provider => provider.GetRequiredService<ProvedKeys>());
        services.AddSingleton<CallerReplica>();
        services.AddSingleton<NamedTenant>();
        services.AddSingleton<ITenantCopies>(provider => provider.GetRequiredService<CallerReplica>());
        services.AddSingleton<LiveKeys>();
        services.AddSingleton<OpenRequests>();
        services.AddSingleton<RevokedKeys>();
        services.AddHostedService(static all => all.GetRequiredService<RevokedKeys>());
        services.AddDataProtection().SetApplicationName("Sophia").PersistKeysToFileSystem(new DirectoryInfo(options.KeyFolder));
        services.AddAuthentication(Chooser)
            .AddPolicyScheme(Chooser, null, chooser => chooser.ForwardDefaultSelector = context =>
                ApiKeyHandler.HasKey(context.Request) ? ApiKeyHandler.SchemeName
                : context.Request.Cookies.ContainsKey(CookieName(options)) ? CookieAuthenticationDefaults.AuthenticationScheme
                : ApiKeyHandler.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.SchemeName, null)
            .AddCookie(cookie => Configure(cookie, options));
        services.AddAuthorization(Roles.Add);
        services.AddTrustedProxies(options);
        services.Configure<HostFilteringOptions>(hosts =>
        {
            hosts.AllowedHosts = options.Hosts.Count == 0 ? ["*"] : [.. options.Hosts];
            hosts.IncludeFailureMessage = false;
        });
        return services;
    }

    /// <summary>Stands before every endpoint (host names are checked before that, by the host): sign-in, own pages only, and the caller's tenant for every grain call below.</summary>
    public static IApplicationBuilder UseEdgeSecurity(this IApplicationBuilder app) => app
        .UseAuthentication()
        .UseMiddleware<SameOrigin>()
        .UseAuthorization()
        .Use(static async (context, next) =>
        {
            if (context.User.TryCaller() is not { } caller)
            {
                await next(context);
                return;
            }
            await context.RequestServices.GetRequiredService<ITenantGate>().MustBeOpen(caller.Tenant);
            using var open = context.RequestServices.GetRequiredService<OpenRequests>().Enter(context, caller);
            using var _ = CallerContext.For(caller.Tenant);
            await next(context);
        });

    private static string CookieName(EdgeOptions options) => $"sophia-{options.InstanceName}";

    private static void Configure(CookieAuthenticationOptions cookie, EdgeOptions options)
    {
        cookie.Cookie.Name = CookieName(options);
        cookie.Cookie.HttpOnly = true;
        cookie.Cookie.SameSite = SameSiteMode.Strict;
        cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        cookie.ExpireTimeSpan = EdgeLimits.BrowserSignedInFor;
        cookie.SlidingExpiration = true;
        cookie.Events.OnValidatePrincipal = Validate;
        cookie.Events.OnRedirectToLogin = context => Refuse(context, StatusCodes.Status401Unauthorized);
        cookie.Events.OnRedirectToAccessDenied = context => Refuse(context, StatusCodes.Status403Forbidden);
    }

    // A browser is signed in for as long as the key that its link came from.
    private static async Task Validate(CookieValidatePrincipalContext context)
    {
        if (context.Principal?.TryCaller() is not { } caller || !await context.HttpContext.RequestServices.GetRequiredService<LiveKeys>().Has(caller))
            context.RejectPrincipal();
    }

    private static Task Refuse(RedirectContext<CookieAuthenticationOptions> context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}
