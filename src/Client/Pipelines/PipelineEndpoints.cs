using Microsoft.AspNetCore.Mvc;

namespace Sophia.Pipelines;

/// <summary>Pipelines as resources: their definitions. Runs are in <see cref="RunEndpoints"/>.</summary>
internal static class PipelineEndpoints
{
    public static void MapPipelines(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/pipelines").WithTags("Pipelines");
        group.MapGet("/", List).WithSummary("All pipelines with their active and last runs.");
        group.MapGet("/{name}", Get).WithSummary("One pipeline.");
        group.MapPut("/{name}", Define).RequireAuthorization(Roles.Admin).WithMetadata(new RequestSizeLimitAttribute(EdgeLimits.Definition))
            .Accepts<string>("application/yaml", "application/json", "*/*")
            .WithSummary("Defines a pipeline by its YAML or JSON text; an edit takes effect at the next run. With strict=true what would only be warned of (a folder that is not there) is refused, and nothing is defined.");
        group.MapGet("/{name}/webhook-secret", Secret).RequireAuthorization(Roles.Admin)
            .WithSummary("The secret that the pipeline made for its webhook, to be entered at the sender.");
        group.MapPost("/{name}/replay", Replay).RequireAuthorization(Roles.Operator)
            .WithSummary("Takes stored versions and held records through this or another definition again and says what would be otherwise; writes nothing. Page by page: after is the next of the page before.");
        group.MapDelete("/{name}", Remove).RequireAuthorization(Roles.Admin).WithSummary("Forgets a definition; records stay.");
    }

    /// <summary>The grain of a caller's pipeline; a text that cannot be a name is no pipeline.</summary>
    public static IPipelineGrain Pipeline(this IGrainFactory grains, HttpContext context, string name) =>
        TenantId.IsName(name)
            ? grains.GetGrain<IPipelineGrain>(TenantKey.Of(context.User.Caller().Tenant, name))
            : throw new RefusedException(RefusalCode.NotFound, "There is no such pipeline. Names are 1 to 63 of a-z, 0-9 and '-'.");

    public static async Task<PipelineView> Known(this IPipelineGrain pipeline, string name) =>
        await pipeline.View() ?? throw new RefusedException(RefusalCode.NotFound, $"There is no pipeline \"{name}\".");

    public static IPipelineDirectoryGrain Directory(this IGrainFactory grains, HttpContext context) =>
        grains.GetGrain<IPipelineDirectoryGrain>(TenantKey.Of(context.User.Caller().Tenant));

    private static Task<IReadOnlyList<PipelineView>> List(HttpContext context, IGrainFactory grains) => grains.Pipelines(context.User.Caller().Tenant);

    private static Task<PipelineView> Get(string name, HttpContext context, IGrainFactory grains) => grains.Pipeline(context, name).Known(name);

    /// <param name="file">The name that mistakes are reported under.</param>
    /// <param name="strict">Refuse what would only be warned of.</param>
    private static async Task<PipelineView> Define(string name, string? file, HttpContext context, IGrainFactory grains, bool strict = false)
    {
        if (!TenantId.IsName(name))
            throw new RefusedException(RefusalCode.Invalid, $"\"{name}\" cannot be a pipeline's name: use 1 to 63 of a-z, 0-9 and '-', not starting with '-'.");
        var text = await context.Request.Utf8("The definition");
        file ??= $"{name}.{(text.AsSpan().TrimStart().StartsWith("{") ? "json" : "yaml")}";
        if (strict && await grains.Pipeline(context, name).Warnings(text, file) is { Count: > 0 } warnings)
            throw new RefusedException(RefusalCode.Invalid, "Nothing is defined.", warnings);
        return await grains.Pipeline(context, name).Define(text, file);
    }

    private static Task<ReplayPage> Replay(string name, ReplayRequest request, HttpContext context, IGrainFactory grains) => grains.ReplayPart(context, name, request);

    public static Task<ReplayPage> ReplayPart(this IGrainFactory grains, HttpContext context, string name, ReplayRequest request)
    {
        if (request.After is null) // One that has begun goes on.
            context.RequestServices.GetRequiredService<IFeatures>().MustOffer(context.User.Caller().Tenant, Feature.Replays, context.RequestServices.GetRequiredService<TimeProvider>());
        return TenantId.IsName(name)
            ? grains.GetGrain<IReplayGrain>(TenantKey.Of(context.User.Caller().Tenant)).Page(new ReplayQuery(name, request.Run, request.Stream, request.Key, request.From, request.Until, request.Definition,
                request.File ?? "definition", request.After, request.Limit))
            : throw new RefusedException(RefusalCode.NotFound, "There is no such pipeline. Names are 1 to 63 of a-z, 0-9 and '-'.");
    }

    private static async Task<WebhookSecret> Secret(string name, HttpContext context, IGrainFactory grains)
    {
        var pipeline = grains.Pipeline(context, name);
        await pipeline.Known(name);
        return new(await pipeline.WebhookSecret() ?? throw new RefusedException(RefusalCode.NotFound, $"Pipeline \"{name}\" made no secret; its definition says where the secret is."));
    }

    private static async Task<IResult> Remove(string name, HttpContext context, IGrainFactory grains)
    {
        var pipeline = grains.Pipeline(context, name);
        await pipeline.Known(name);
        await pipeline.Remove();
        return Results.NoContent();
    }
}

/// <summary>What is replayed: a run, or a stream, narrowed by key and time; by the pipeline's definition or the one that is given (YAML or JSON text).</summary>
public sealed record ReplayRequest(string? Run = null, string? Stream = null, string? Key = null, DateTimeOffset? From = null, DateTimeOffset? Until = null, string? Definition = null, string? File = null, string? After = null, int Limit = 1_000);

public sealed record WebhookSecret(string Secret);
