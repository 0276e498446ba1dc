using Microsoft.AspNetCore.Http.Features;
using Sophia.Hosting;

namespace Sophia.Operations;

/// <summary>A second address for those who watch over the process, where <see cref="SophiaOptions.MetricsUrl"/> names one: /metrics, /live and /ready, and nothing else.</summary>
/// <remarks>It stands before everything, host names included: a scraper asks for a pod by its number. What it does not know is not there; no other page can be reached through it.</remarks>
internal sealed class MetricsAddress(int port, string? key, Readiness readiness) : IStartupFilter
{
    public static void AddTo(WebApplicationBuilder builder, SophiaOptions options)
    {
        if (options.MetricsEndpoint() is not { } listen)
            return;
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(listen));
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter>(services => new MetricsAddress(listen.Port, options.MetricsKey, services.GetRequiredService<Readiness>())));
    }

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((context, following) => context.Connection.LocalPort == port ? Answer(context) : following(context));
        next(app);
    };

    private async Task Answer(HttpContext context)
    {
        context.Features.Get<IHttpMetricsTagsFeature>()?.MetricsDisabled = true; // Who watches is not what is watched.
        if (!HttpMethods.IsGet(context.Request.Method))
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        else if (context.Request.Path == MetricsEndpoint.Path)
            await MetricsEndpoint.Answer(context, key);
        else if (context.Request.Path == "/live")
            await context.Response.WriteAsync("live", context.RequestAborted);
        else if (context.Request.Path == "/ready")
            await (await readiness.Answer()).ExecuteAsync(context);
        else
            context.Response.StatusCode = StatusCodes.Status404NotFound;
    }
}
