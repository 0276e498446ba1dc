using Sophia.Pipelines;

namespace Sophia.Pages;

/// <summary>The page of one run: its counts, what it left in each stream, what it could not read, what its connectors said.</summary>
internal static class RunPages
{
    private const int FilesShown = 200, LinesShown = 500;

    public static void MapRunPage(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/pipelines/{name}/runs/{run}", Run);
        pages.MapGet("/pages/pipelines/{name}/runs/{run}", Fragment);
    }

    private static async Task<IResult> Run(string name, string run, HttpContext context, IGrainFactory grains) =>
        PageEndpoints.Page<RunPage>(new(await Live(name, run, context, grains)) { [nameof(RunPage.Tenant)] = context.User.Caller().Tenant.Value });

    private static async Task<IResult> Fragment(string name, string run, HttpContext context, IGrainFactory grains) =>
        PageEndpoints.Page<RunLive>(await Live(name, run, context, grains));

    // A run that goes is not gone through by stream: what it stores is not all there yet, and it is asked for twice a second.
    private static async Task<Dictionary<string, object?>> Live(string name, string run, HttpContext context, IGrainFactory grains)
    {
        var pipeline = grains.Pipeline(context, name);
        var view = await pipeline.Run(run) ?? throw RunEndpoints.NoSuchRun();
        var known = await pipeline.View();
        return new()
        {
            [nameof(RunLive.Run)] = view,
            [nameof(RunLive.IsNewest)] = (known?.ActiveRun ?? known?.LastRun)?.RunId == run,
            [nameof(RunLive.Streams)] = Shown.Active(view) || view.DryRun ? [] : await pipeline.Streams(run),
            [nameof(RunLive.Unreadable)] = await pipeline.Unreadable(run, FilesShown),
            [nameof(RunLive.Lines)] = await grains.GetGrain<IConnectorGrain>(TenantKey.Of(context.User.Caller().Tenant, name)).Lines(run, LinesShown),
        };
    }
}
