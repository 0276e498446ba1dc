using Microsoft.Extensions.Hosting;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Hosting;

/// <summary>Tells a balancer or an orchestrator whether to send work here: from the end of the start until a stop is asked for, while what nothing works without answers.</summary>
/// <remarks>/live says only that the process serves: who restarts it for the database's sake gains nothing. Many may ask at once; the database is asked once a second.</remarks>
internal sealed class Readiness(StartPhase start, IHostApplicationLifetime lifetime, bool hasGrains, IServiceProvider services, TimeProvider time)
{
    /// <summary>How long an answer is waited for; a probe must wait longer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>How long an answer counts.</summary>
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private Task? look;
    private long lookedAt;

    /// <summary>Why no work should be sent here, or null.</summary>
    public async Task<string?> Reason()
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            return "it is stopping";
        if (!start.IsOver)
            return "it is starting";
        if (services.GetServices<IReadyCondition>().Select(condition => condition.NotReadyBecause).FirstOrDefault(reason => reason is not null) is { } missing)
            return missing;
        try
        {
            await Looked().WaitAsync(Patience, time);
            return null;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            return hasGrains ? "the store does not answer" : "no silo answers, or its store does not";
        }
    }

    public async Task<IResult> Answer() => await Reason() is { } reason ? Results.Text($"not ready: {reason}", statusCode: StatusCodes.Status503ServiceUnavailable) : Results.Text("ready");

    private Task Looked()
    {
        lock (gate)
            if (look is null or { IsCompleted: true } && (look is null || time.GetElapsedTime(lookedAt) > FreshFor))
                (look, lookedAt) = (Look(), time.GetTimestamp());
        return look;
    }

    private async Task Look()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (hasGrains)
        {
            await services.GetRequiredService<ILogStore>().Head(RunningSophia.DefaultTenant, CancellationToken.None);
            return;
        }
        using var _ = CallerContext.ForSystem("readiness");
        await services.GetRequiredService<IGrainFactory>().GetGrain<IRecordsGrain>(TenantKey.Of(RunningSophia.DefaultTenant)).Streams();
    }
}

/// <summary>The addresses of liveness and readiness.</summary>
internal static class LifeEndpoints
{
    public static void AddReadiness(this WebApplicationBuilder builder, SophiaOptions options) => builder.Services.AddSingleton(services => new Readiness(
        services.GetRequiredService<StartPhase>(), services.GetRequiredService<IHostApplicationLifetime>(), options.HasGrains, services, services.GetRequiredService<TimeProvider>()));

    public static void MapReadiness(this WebApplication app) =>
        app.MapGet("/ready", static (Readiness readiness) => readiness.Answer()).DisableHttpMetrics().AllowAnonymous().ExcludeFromDescription();

    /// <summary>For a silo that serves no requests; a front end has its own.</summary>
    public static void MapLife(this WebApplication app) => app.MapGet("/live", static () => Results.Text("live")).DisableHttpMetrics().AllowAnonymous().ExcludeFromDescription();
}
