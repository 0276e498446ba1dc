using System.Security.Cryptography;
using System.Text;
using Sophia.Hosting;
using Sophia.Security;

namespace Sophia.Operations;

/// <summary>Answers /metrics: on a front end's own address to operators of the system's tenant, on a silo's and on the metrics address to whoever reaches it, or has the key where one is set.</summary>
internal static class MetricsEndpoint
{
    public const string Path = "/metrics";

    public static void AddTelemetry(this WebApplicationBuilder builder, SophiaOptions options)
    {
        builder.Services.AddSingleton(_ => new Telemetry(options.Cluster?.SiloName ?? Environment.MachineName));
        MetricsAddress.AddTo(builder, options);
    }

    public static void MapMetrics(this WebApplication app, SophiaOptions options)
    {
        var route = app.MapGet(Path, (HttpContext context) => Answer(context, options.HasEdge ? null : options.MetricsKey)).DisableHttpMetrics().ExcludeFromDescription();
        if (options.HasEdge)
            route.RequireSystemOperator(app.Services.GetRequiredService<EdgeOptions>().SystemTenant);
        else
            route.AllowAnonymous();
    }

    /// <param name="key">What the caller must prove to have, or null.</param>
    public static Task Answer(HttpContext context, string? key)
    {
        if (key is not null && !IsKey(context.Request.Headers.Authorization.ToString(), key))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"metrics\"";
            return Task.CompletedTask;
        }
        var openMetrics = context.Request.Headers.Accept.Any(accept => accept?.Contains("application/openmetrics-text", StringComparison.OrdinalIgnoreCase) == true);
        var text = context.RequestServices.GetRequiredService<Telemetry>().Read(openMetrics);
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentType = text.ContentType;
        return context.Response.WriteAsync(text.ToString(), context.RequestAborted);
    }

    private static bool IsKey(string header, string key) => header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(header["Bearer ".Length..].Trim())), SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
