namespace Sophia.Pipelines;

/// <summary>Runs as resources: started, watched, paused, resumed, cancelled.</summary>
internal static class RunEndpoints
{
    private const int DefaultLimit = 50;

    public static void MapRuns(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/runs", (HttpContext context, IGrainFactory grains, int limit = DefaultLimit) =>
            grains.NewestRuns(context.User.Caller().Tenant, Limits.Checked(limit))).WithTags("Runs").WithSummary("Runs of every pipeline, newest first.");

        var group = app.MapGroup("/api/pipelines/{name}/runs").WithTags("Runs");
        group.MapGet("/", List).WithSummary("Runs of a pipeline, newest first.");
        group.MapPost("/", Start).RequireAuthorization(Roles.Operator)
            .WithSummary("Starts a run. The same Idempotency-Key header (or operationId) starts one run, however often it is sent.");
        group.MapGet("/{run}", Get).WithSummary("One run, live where it is going.");
        group.MapGet("/{run}/unreadable", Unreadable).WithSummary("What the run could not read, and why.");
        group.MapGet("/{run}/streams", Streams).WithSummary("What is left of the run by stream: versions and deletions that it stored, records that it held back.");
        group.MapGet("/{run}/log", Log).WithSummary("What the run's connectors said, oldest first; secrets are blanked. Kept for the newest runs of a pipeline.");
        group.MapPost("/{run}/pause", (string name, string run, HttpContext context, IGrainFactory grains) =>
            Change(name, run, context, grains, static pipeline => pipeline.Pause())).RequireAuthorization(Roles.Operator);
        group.MapPost("/{run}/resume", (string name, string run, HttpContext context, IGrainFactory grains) =>
            Change(name, run, context, grains, static pipeline => pipeline.Resume())).RequireAuthorization(Roles.Operator);
        group.MapPost("/{run}/cancel", (string name, string run, HttpContext context, IGrainFactory grains) =>
            Change(name, run, context, grains, static pipeline => pipeline.Cancel())).RequireAuthorization(Roles.Operator);
    }

    /// <summary>The id of a start that came without one: with it the start may be passed on again where a silo died.</summary>
    internal static string NewOperation() => $"{Guid.CreateVersion7():N}";

    private static async Task<IReadOnlyList<RunView>> List(string name, HttpContext context, IGrainFactory grains, int limit = DefaultLimit)
    {
        var pipeline = grains.Pipeline(context, name);
        await pipeline.Known(name);
        return await pipeline.Runs(Limits.Checked(limit));
    }

    private static async Task<IResult> Start(string name, StartRun? request, HttpContext context, IGrainFactory grains)
    {
        var pipeline = grains.Pipeline(context, name);
        await pipeline.Known(name);
        request ??= new StartRun();
        var run = await pipeline.Start(request with { OperationId = context.OperationId() ?? request.OperationId ?? NewOperation() });
        return Results.Json(run, EdgeJson.Readable.RunView, statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<RunView> Get(string name, string run, HttpContext context, IGrainFactory grains) =>
        await grains.Pipeline(context, name).Run(run) ?? throw NoSuchRun();

    private static async Task<IReadOnlyList<UnreadableView>> Unreadable(string name, string run, HttpContext context, IGrainFactory grains, int limit = 1_000)
    {
        await Get(name, run, context, grains);
        return await grains.Pipeline(context, name).Unreadable(run, Limits.Checked(limit));
    }

    private static async Task<IReadOnlyList<RunStreamView>> Streams(string name, string run, HttpContext context, IGrainFactory grains)
    {
        await Get(name, run, context, grains);
        return await grains.Pipeline(context, name).Streams(run);
    }

    private static async Task<IReadOnlyList<ConnectorLine>> Log(string name, string run, HttpContext context, IGrainFactory grains, int limit = 1_000)
    {
        await Get(name, run, context, grains);
        return await grains.GetGrain<IConnectorGrain>(TenantKey.Of(context.User.Caller().Tenant, name)).Lines(run, Limits.Checked(limit));
    }

    private static async Task<RunView> Change(string name, string run, HttpContext context, IGrainFactory grains, Func<IPipelineGrain, Task<RunView>> change)
    {
        var pipeline = grains.Pipeline(context, name);
        var known = await pipeline.Known(name);
        if ((known.ActiveRun ?? known.LastRun)?.RunId == run) // The newest run may have failed: then it can be resumed, and the pipeline says what else cannot be.
            return await change(pipeline);
        throw await pipeline.Run(run) is null
            ? NoSuchRun()
            : new RefusedException(RefusalCode.Conflict, "This run has ended.");
    }

    internal static RefusedException NoSuchRun() => new(RefusalCode.NotFound, "There is no such run of this pipeline.");
}
