namespace Sophia.Pipelines;

/// <summary>The incident playbook's own addresses: one status of everything, stop everything, start everything again.</summary>
internal static class PlaybookEndpoints
{
    public static void MapPlaybook(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/pipeline").WithTags("Playbook");
        group.MapGet("/status", Status).WithSummary("What every pipeline is doing, the last sync, and recent syncs.");
        group.MapPost("/stop", Stop).RequireAuthorization(Roles.Operator).WithSummary("Pauses every active run (or one pipeline's).");
        group.MapPost("/restart", Restart).RequireAuthorization(Roles.Operator).WithSummary("Resumes paused runs and starts the pipelines that are idle (or one).");
    }

    private static async Task<PipelineStatus> Status(HttpContext context, IGrainFactory grains)
    {
        var directory = grains.Directory(context);
        var pipelines = await grains.Pipelines(context.User.Caller().Tenant);
        var recent = await directory.RecentRuns(20);
        var state = pipelines.Any(p => p.ActiveRun is { State: RunState.Running }) ? "running"
            : pipelines.Any(p => p.ActiveRun is { State: RunState.Paused }) ? "stopped"
            : pipelines.Any(p => p.LastRun is { State: RunState.Failed }) ? "failing" : "idle";
        return new(state, recent.Count == 0 ? null : recent.Max(r => r.UpdatedAt), [.. pipelines.Select(Line)], recent);
    }

    private static Task<IReadOnlyList<RunView>> Stop(HttpContext context, IGrainFactory grains, string? pipeline = null) =>
        Each(context, grains, pipeline, async (grain, view) => view.ActiveRun is { State: RunState.Running } ? await grain.Pause() : null);

    private static Task<IReadOnlyList<RunView>> Restart(HttpContext context, IGrainFactory grains, string? pipeline = null) =>
        Each(context, grains, pipeline, async (grain, view) => view.ActiveRun switch
        {
            { State: RunState.Paused } => await grain.Resume(),
            { State: RunState.Running } => null,
            _ when view.Sources.All(s => s.WebhookPath is not null) => null,
            _ => await grain.Start(new StartRun(OperationId: RunEndpoints.NewOperation(), Reason: "restarted")),
        });

    private static async Task<IReadOnlyList<RunView>> Each(
        HttpContext context, IGrainFactory grains, string? only, Func<IPipelineGrain, PipelineView, Task<RunView?>> act)
    {
        var views = only is null ? await grains.Pipelines(context.User.Caller().Tenant) : [await grains.Pipeline(context, only).Known(only)];
        var changed = new List<RunView>();
        foreach (var view in views)
            if (await act(grains.Pipeline(context, view.Name), view) is { } run)
                changed.Add(run);
        return changed;
    }

    private static PipelineLine Line(PipelineView view) =>
        new(view.Name, view.ActiveRun?.State.ToString().ToLowerInvariant() ?? "idle", view.ActiveRun ?? view.LastRun);
}

/// <summary>State is running, stopped (paused by somebody), failing (a last run failed) or idle.</summary>
public sealed record PipelineStatus(string State, DateTimeOffset? LastSyncAt, IReadOnlyList<PipelineLine> Pipelines, IReadOnlyList<RunView> RecentSyncs);

public sealed record PipelineLine(string Name, string State, RunView? Run);
