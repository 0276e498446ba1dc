using System.Text.Json.Serialization;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Pipelines;
using Sophia.Quality;
using Sophia.Queues;
using Sophia.Resilience;

namespace Sophia;

/// <summary>The front end without chat and pages: security, REST, problem details, OpenAPI.</summary>
public static class Edge
{
    public static IServiceCollection AddEdge(this IServiceCollection services, EdgeOptions options)
    {
        services.AddSingleton(options);
        services.AddEdgeSecurity(options);
        services.AddOptions<DeadlinesOptions>().Validate(static deadlines => deadlines.Wrong() is null, "DeadlinesOptions: something cannot be meant.").ValidateOnStart();
        services.AddSingleton<UnprovenBodies>();
        services.AddSingleton<ReadBounds>();
        services.AddSingleton<ITenantCopies>(static provider => provider.GetRequiredService<ReadBounds>());
        services.ConfigureHttpJsonOptions(static json =>
        {
            EdgeJson.Shape(json.SerializerOptions);
            json.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow; // What is left aside in silence was meant to do something.
        });
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddOpenApi("v1", openApi => openApi.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Sophia";
            document.Info.Description = "Records in, cited answers out. Send \"Authorization: Bearer sophia.<tenant>.<secret>\".";
            document.Servers = [];
            return Task.CompletedTask;
        }));
        return services;
    }

    /// <summary>What stands before every endpoint.</summary>
    public static WebApplication UseEdge(this WebApplication app)
    {
        app.UseForwardedHeaders();
        app.UseMiddleware<ProblemMiddleware>();
        app.Use(static (context, next) =>
        {
            SecurityHeaders.Write(context.Response.Headers);
            return next(context);
        });
        app.UseRouting(); // Said here so that a failing match, too, becomes a problem and carries the headers.
        app.UseMiddleware<LimitMiddleware>(false);
        app.UseEdgeSecurity();
        app.UseMiddleware<KnownParameters>();
        app.UseMiddleware<DeadlineMiddleware>();
        app.UseMiddleware<DegradationMiddleware>();
        app.UseMiddleware<LimitMiddleware>(true);
        app.UseMiddleware<HeldBodies>();
        app.UseMiddleware<IdempotencyMiddleware>();
        app.UseMiddleware<RefusedForRoom>();
        return app;
    }

    public static WebApplication MapEdge(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json");
        app.MapSignIn();
        app.MapHealth();
        app.MapSilos();
        app.MapBreakers();
        app.MapLimits();
        app.MapPolicies();
        app.MapProblemPages();
        app.MapIdempotency();
        app.MapKit();
        app.MapDegradation();
        app.MapDomains();
        app.MapTrouble();
        app.MapPipelines();
        app.MapRuns();
        app.MapPlaybook();
        app.MapWebhooks();
        app.MapInbox();
        app.MapSample();
        app.MapQuarantine();
        app.MapQuality();
        app.MapQueues();
        app.MapDeadLetters();
        app.MapRecords();
        app.MapErasures();
        app.MapSearch();
        app.MapTenants();
        app.MapExport();
        return app;
    }
}
