using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Operations;

namespace Sophia.Pipelines;

/// <summary>Since when what runs stored can be found. The index is waited for beside the grain's calls: until it has come so far, the pipeline answers.</summary>
/// <param name="kept">What the grain keeps now.</param>
internal sealed class RunSearches(IProjectionGrain index, Func<PipelineState> kept, Func<PipelineState, Task> save, TimeProvider time, CancellationToken lifetime)
{
    /// <summary>How long the index is asked at a time; shorter than a call may take.</summary>
    private static readonly TimeSpan SearchedFor = TimeSpan.FromSeconds(20);

    private Task searching = Task.CompletedTask;

    public DateTimeOffset? At(string runId) => kept().Searchable.FirstOrDefault(known => known.RunId == runId)?.At;

    /// <summary>Whether a run has ended that stored something of which it is not known yet.</summary>
    public bool IsDue(RunRow row) => row is { LastPosition: > 0, DryRun: false, State: not (RunState.Running or RunState.Paused) } && At(row.RunId) is null;

    public void Begin(RunRow row)
    {
        if (searching.IsCompleted)
            searching = Search(row);
    }

    public Task End() => searching;

    private async Task Search(RunRow row)
    {
        try
        {
            await index.WaitFor(row.LastPosition, SearchedFor, lifetime);
            if (At(row.RunId) is null)
                await save(kept() with { Searchable = [.. kept().Searchable.TakeLast(PipelineState.SearchableKept - 1), new KeptSearchable(row.RunId, time.GetUtcNow())] });
        }
        catch (Exception late) when (late is RefusedException or TimeoutException or OperationCanceledException or StorageException)
        {
            // Not yet, or not now: the next beat asks again.
        }
    }
}
