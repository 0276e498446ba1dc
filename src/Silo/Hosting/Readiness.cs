using Microsoft.Extensions.Hosting;

namespace Sophia.Hosting;

/// <summary>Tells a balancer or an orchestrator whether to send work here: from the end of the start until a stop is asked for.</summary>
internal static class Readiness
{
    public static void MapReadiness(this WebApplication app)
    {
        var (start, lifetime) = (app.Services.GetRequiredService<StartPhase>(), app.Services.GetRequiredService<IHostApplicationLifetime>());
        app.MapGet("/ready", () => start.IsOver && !lifetime.ApplicationStopping.IsCancellationRequested
            ? Results.Text("ready") : Results.Text("not ready", statusCode: StatusCodes.Status503ServiceUnavailable)).AllowAnonymous().ExcludeFromDescription();
    }

    /// <summary>The address of a silo that serves no requests: /live and /ready.</summary>
    public static void MapLife(this WebApplication app) => app.MapGet("/live", static () => Results.Text("live")).AllowAnonymous().ExcludeFromDescription();
}
