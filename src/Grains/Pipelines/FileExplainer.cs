using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Tells what became of a file: read, when and by which pipeline, or why not. A path may be the source's own name for it, or longer (an absolute one).</summary>
internal sealed class FileExplainer(ILogStore log, IRunStore runs)
{
    /// <summary>Runs that are looked through for pipelines and unreadable files, and checkpoints of each pipeline: what lies further back is not found.</summary>
    private const int MaxRuns = 50, MaxUnreadable = 1_000, MaxCheckpoints = 10_000, Page = 1_000;

    /// <summary>Null where no pipeline has seen such a file.</summary>
    public async Task<WhyView?> Explain(TenantId tenant, string path, CancellationToken cancellation)
    {
        var recent = await runs.Recent(tenant, null, MaxRuns, cancellation);
        foreach (var run in recent.Where(run => run.Counts.Unreadable > 0))
            if ((await runs.Unreadable(tenant, run.RunId, MaxUnreadable, cancellation)).FirstOrDefault(view => IsSame(path, view.Path)) is { } unreadable && !await ReadSince(tenant, run, path, cancellation))
                return new WhyView(path, "unreadable", run.UpdatedAt, "the file to be put right", $"{unreadable.Path} could not be read: {unreadable.Reason}.",
                    [new WhyStep("unreadable", run.UpdatedAt, $"pipeline {run.Pipeline}, run {run.RunId}: {unreadable.Reason}")]);
        foreach (var pipeline in recent.Select(run => run.Pipeline).Distinct())
            if (await Found(tenant, pipeline, path, cancellation) is { } found)
                return Read(path, pipeline, found);
        return null;
    }

    private async Task<bool> ReadSince(TenantId tenant, RunRow run, string path, CancellationToken cancellation) =>
        await Found(tenant, run.Pipeline, path, cancellation) is { } found && found.At > run.UpdatedAt;

    private async Task<Checkpoint?> Found(TenantId tenant, string pipeline, string path, CancellationToken cancellation)
    {
        string? after = null;
        for (var seen = 0; seen < MaxCheckpoints; seen += Page)
        {
            var page = await log.Checkpoints(tenant, pipeline, after, Page, cancellation);
            if (page.FirstOrDefault(mark => IsSame(path, FileOf(mark.Partition))) is { } found)
                return found;
            if (page.Count < Page)
                return null;
            after = page[^1].Partition;
        }
        return null;
    }

    private static WhyView Read(string path, string pipeline, Checkpoint found)
    {
        var mark = PartitionMark.Of(found.State);
        var streams = mark?.Streams is { Count: > 0 } fed ? $" for {string.Join(", ", fed.Take(5))}" : "";
        var bad = mark?.Bad > 0 ? $", {mark.Bad} pieces of it are in the quarantine or have no key" : "";
        return new WhyView(path, mark?.Done == true ? "read" : "reading", found.At, mark?.Done == true ? null : "its run",
            $"Pipeline {pipeline} has read {mark?.Records ?? 0} records from {FileOf(found.Partition)}{streams}{bad}.", [new WhyStep("read", found.At, $"run {found.Run}")]);
    }

    // A checkpoint's name begins with its source's.
    private static string FileOf(string partition) => partition[(partition.IndexOf('/', StringComparison.Ordinal) + 1)..];

    private static bool IsSame(string asked, string known) =>
        known.Length > 0 && (asked == known || asked.EndsWith($"/{known}", StringComparison.Ordinal));
}
