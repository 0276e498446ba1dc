using System.Text.Json;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>The sample of the tour in a tenant's own folder: loaded as a pipeline like any other, and taken out again with its records.</summary>
internal static class SampleEndpoints
{
    public const string PipelineName = "sample";

    /// <summary>How the sample's definition begins; a pipeline "sample" that begins otherwise is somebody's own.</summary>
    public const string Mark = "# The sample of the tour.";

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>How long removing waits for the run that forgets the records.</summary>
    private static readonly TimeSpan RemovedWithin = TimeSpan.FromSeconds(20);

    public static void MapSample(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/sample").WithTags("Pipelines").RequireAuthorization(Roles.Admin);
        group.MapPost("/", Load).WithSummary("Loads the small sample into the tenant as the pipeline \"sample\" and runs it.");
        group.MapDelete("/", Remove).WithSummary("Takes the sample out again: its records are deleted, what it held back is discarded, its pipeline forgotten. 202: it is still under way, ask again.");
    }

    private static async Task<IResult> Load(HttpContext context, IGrainFactory grains, EdgeOptions options, IStorageRoom room)
    {
        var pipeline = grains.Pipeline(context, PipelineName);
        if (await pipeline.View() is { } known && !IsSample(known))
            throw new RefusedException(RefusalCode.Conflict, $"There is a pipeline \"{PipelineName}\" of your own already. Give it another name first.");
        if (room.RefusesFiles is { } full)
            throw new RefusedException(RefusalCode.StorageFull, $"{full} The sample was not loaded.");
        var folder = Folder(context, options);
        SampleFiles.Write(folder);
        await pipeline.Define(Definition(folder), "sample.yaml");
        var run = await pipeline.Start(new StartRun(OperationId: RunEndpoints.NewOperation(), Reason: "sample loaded"));
        return Results.Json(run, EdgeJson.Readable.RunView, statusCode: StatusCodes.Status202Accepted);
    }

    /// <summary>What vanished from a source is deleted: the files go, and a last run says so to the log.</summary>
    private static async Task<IResult> Remove(HttpContext context, IGrainFactory grains, EdgeOptions options, TimeProvider time)
    {
        var pipeline = grains.Pipeline(context, PipelineName);
        if (await pipeline.View() is not { } known || !IsSample(known))
            throw new RefusedException(RefusalCode.NotFound, "The sample is not loaded.");
        if (known.ActiveRun is not null)
            await pipeline.Cancel();
        var folder = Folder(context, options);
        SampleFiles.Clear(folder);
        await Discard(context, grains);
        var run = await pipeline.Start(new StartRun(OperationId: RunEndpoints.NewOperation(), Reason: "sample removed"));
        for (var began = time.GetTimestamp(); run is { State: RunState.Running }; run = await pipeline.Run(run.RunId))
        {
            if (time.GetElapsedTime(began) > RemovedWithin)
                return Results.Json(run, EdgeJson.Readable.RunView, statusCode: StatusCodes.Status202Accepted);
            await Task.Delay(LookEvery, time, context.RequestAborted);
        }
        if (run is not { State: RunState.Succeeded })
            throw new RefusedException(RefusalCode.Unavailable, $"The sample's records could not be deleted: {run?.Error ?? "the run was ended"}. Try again.");
        await pipeline.Remove();
        Directory.Delete(folder, recursive: true);
        return Results.NoContent();
    }

    private static async Task Discard(HttpContext context, IGrainFactory grains)
    {
        var caller = context.User.Caller();
        var quarantine = grains.GetGrain<IQuarantineGrain>(TenantKey.Of(caller.Tenant));
        for (long? before = null, next = 0; next is not null; before = next)
            next = (await quarantine.Many(new BulkDecision(BulkKind.Discard, PipelineName, null, null, null, "The sample was removed.", null, [], Before: before), $"{caller.Label} ({caller.KeyId})")).Next;
    }

    public static bool IsSample(PipelineView pipeline) => pipeline.Name == PipelineName && pipeline.DefinitionText.StartsWith(Mark, StringComparison.Ordinal);

    // Hidden, so that the pipeline "inbox", which may read the folder above, passes it over.
    private static string Folder(HttpContext context, EdgeOptions options) => Path.Combine(Path.GetFullPath(options.InboxFolder), context.User.Caller().Tenant.Value, ".sample");

    private static string Definition(string folder) => $$$"""
        {{{Mark}}} A cold-chain company of our own invention: accounts, calls, a handbook.
        name: sample
        source:
          type: files
          path: {{{JsonSerializer.Serialize(folder, EdgeJson.Default.String)}}}
          settleFor: 0s
        streams:
          accounts:
            key: [id]
            rules:
              - required: [name, owner]
              - enum: {plan: [Starter, Fleet, Validated]}
              - range: {seats: {min: 1}}
              - pattern: {renews: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'}
        gate:
          minimumScore: 0
          failWhenEmpty: false
          minimumShareOfUsual: 0

        """;
}
