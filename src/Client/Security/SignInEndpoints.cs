using System.Net;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Mvc;

namespace Sophia.Security;

/// <summary>Signs a browser in with a one-time link. Opening the link burns nothing, because mail and chat programs open links too; the button does.</summary>
public static class SignInEndpoints
{
    public const string Path = "/signin";

    public const string SignOutPath = "/signout";

    /// <summary>What a browser that is not signed in is told.</summary>
    internal static readonly string HowTo = $"Open the link that \"{SophiaCommand.Name} up\" printed, or run \"{SophiaCommand.Name} signin\" for a new one.";

    internal static void MapSignIn(this IEndpointRouteBuilder app)
    {
        app.MapGet(Path, (string? code, HttpContext context) => Ask(code, context)).AllowAnonymous().ExcludeFromDescription();
        app.MapPost(Path, Redeem).AllowAnonymous().ExcludeFromDescription().DisableAntiforgery().WithMetadata(new RequestSizeLimitAttribute(4096));
        app.MapPost(SignOutPath, SignOut).ExcludeFromDescription();
        app.MapGet("/api/me", (HttpContext context) => context.User.Caller()).WithTags("Security").WithSummary("Who the key or the browser belongs to.");
        app.MapPost("/api/signin-links", Issue).AnswersWithASecret().RequireAuthorization(Roles.Viewer).WithTags("Security")
            .WithSummary("Issues a link that signs one browser in, once, within 15 minutes, for as long as the key that asks is not revoked.");
    }

    /// <summary>The code that a link carries: the tenant travels with it, because the code alone does not say whose it is.</summary>
    public static string LinkPath(TenantId tenant, string code) => $"{Path}?code={tenant}.{code}";

    private static Task Ask(string? code, HttpContext context)
    {
        if (string.IsNullOrEmpty(code) || code.Length > 256)
            return MessagePage.Write(context.Response, "Sign in", HowTo);
        return MessagePage.Write(context.Response, "Sign in to Sophia", "This link works once.",
            $"<form method=\"post\" action=\"{Path}\"><input type=\"hidden\" name=\"code\" value=\"{HtmlEncoder.Default.Encode(code)}\"><button autofocus>Sign in</button></form>");
    }

    private static async Task Redeem(HttpContext context, IGrainFactory grains, CallerReplica callers, SignInThrottle throttle, IDataProtectionProvider cookies)
    {
        if (!context.Request.HasFormContentType)
            throw new RefusedException(RefusalCode.Invalid, "Send the code as a form.");
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        ExpectCookies(cookies);
        var caller = await Caller(form["code"].ToString(), context.Connection.RemoteIpAddress, grains, callers, throttle);
        if (caller is null)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            await MessagePage.Write(context.Response, "This link no longer works", $"Links work once and for 15 minutes. Run \"{SophiaCommand.Name} signin\" for a new one.");
            return;
        }
        const string scheme = CookieAuthenticationDefaults.AuthenticationScheme;
        await context.SignInAsync(scheme, caller.ToPrincipal(scheme), new AuthenticationProperties { IsPersistent = true });
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = "/";
    }

    private static async Task<Caller?> Caller(string code, IPAddress? from, IGrainFactory grains, CallerReplica callers, SignInThrottle throttle)
    {
        if (code.Split('.') is not [var name, { Length: > 0 } secret] || !TenantId.TryParse(name, out var tenant))
            return null;
        await throttle.Enter(from);
        var exists = await callers.Exists(tenant);
        var caller = exists ? await Spend(tenant, secret, grains) : null;
        if (caller is null)
            await throttle.Wrong(from, exists ? tenant : null);
        return caller;
    }

    private static async Task<Caller?> Spend(TenantId tenant, string secret, IGrainFactory grains)
    {
        using var _ = CallerContext.ForSystem("sign-in");
        return await grains.GetGrain<ITenantGrain>(TenantKey.Of(tenant)).RedeemSignIn(CallerReplica.HashOf(secret));
    }

    // A code works once: it is not spent on a cookie that cannot be written.
    private static void ExpectCookies(IDataProtectionProvider cookies)
    {
        try
        {
            cookies.CreateProtector(Path).Protect([]);
        }
        catch (Exception missing) when (missing is CryptographicException or IOException)
        {
            throw new RefusedException(RefusalCode.Unavailable, "Browsers cannot sign in now: the keys that encrypt their cookies cannot be had. Your link still works later; API keys work.");
        }
    }

    private static async Task<SignInLink> Issue(HttpContext context, IGrainFactory grains)
    {
        var caller = context.User.Caller();
        var code = await grains.GetGrain<ITenantGrain>(TenantKey.Of(caller.Tenant)).IssueSignIn(caller.KeyId);
        return new($"{context.Request.Scheme}://{context.Request.Host}{LinkPath(caller.Tenant, code.Code)}", code.ExpiresAt);
    }

    private static async Task SignOut(HttpContext context)
    {
        await context.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = Path;
    }
}

/// <summary>A link that signs one browser in, once.</summary>
public sealed record SignInLink(string Url, DateTimeOffset ExpiresAt);
