using Orleans.Runtime;

namespace Sophia.Pipelines;

/// <summary>Runs of all pipelines of a tenant, with what those that go wait for: only their pipelines know that, the log does not.</summary>
internal static class NewestRunList
{
    /// <summary>How long a pipeline is asked what its run waits for: 2 s. One that does something long shall not keep the others' runs from being shown.</summary>
    private static readonly TimeSpan AskedFor = TimeSpan.FromSeconds(2);

    /// <summary>Newest first, at most <paramref name="limit"/> (1 to 1,000). Where a pipeline cannot be asked, or does not answer within 2 s, its run is told as the log has it.</summary>
    public static async Task<IReadOnlyList<RunView>> NewestRuns(this IGrainFactory grains, TenantId tenant, int limit)
    {
        var runs = await grains.GetGrain<IPipelineDirectoryGrain>(TenantKey.Of(tenant)).RecentRuns(limit);
        return await Task.WhenAll(runs.Select(run => run.State == RunState.Running ? WithWait(grains, tenant, run) : Task.FromResult(run)));
    }

    private static async Task<RunView> WithWait(IGrainFactory grains, TenantId tenant, RunView run)
    {
        try
        {
            return await grains.GetGrain<IPipelineGrain>(TenantKey.Of(tenant, run.Pipeline)).Run(run.RunId).WaitAsync(AskedFor) is { State: RunState.Running, Waits: { } wait } live ? run with { Waits = wait, Error = live.Error } : run;
        }
        catch (Exception away) when (away is RefusedException or TimeoutException or OrleansException)
        {
            return run;
        }
    }
}
