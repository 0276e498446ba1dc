using Microsoft.AspNetCore.Authentication.Cookies;

namespace Sophia.Security;

/// <summary>Lets a request that a cookie signs change something, or open a socket, only where Sophia's own pages sent it.</summary>
/// <remarks>
/// Browsers state where a request comes from (Sec-Fetch-Site, Origin) and no page can forge it. A request with neither comes from no
/// current browser; with a cookie it is refused, because programs use keys.
/// </remarks>
internal sealed class SameOrigin(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        var byCookie = context.User.Identity?.AuthenticationType == CookieAuthenticationDefaults.AuthenticationScheme;
        var redeems = context.Request.Path.StartsWithSegments(SignInEndpoints.Path);
        if ((byCookie || redeems) && Changes(context.Request) && !FromOwnPages(context.Request))
            throw new RefusedException(RefusalCode.Forbidden, "Only Sophia's own pages may do this with a browser's sign-in. Programs use an API key.");
        return next(context);
    }

    private static bool Changes(HttpRequest request) =>
        request.Headers.Upgrade.Count > 0 || HttpMethods.IsConnect(request.Method)
        || !(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method));

    internal static bool FromOwnPages(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && origin != "null")
            return string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
        return request.Headers["Sec-Fetch-Site"].ToString() is "same-origin";
    }
}
