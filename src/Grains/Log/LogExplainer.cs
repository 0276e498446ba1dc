using System.Globalization;
using System.Text;
using Orleans.Runtime;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Quality;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Explains from log, quarantine and runs alone: as far as "stored", knowing nothing of any index.</summary>
/// <remarks>An id is a quarantined item's number, a run's id, "stream/key", where either part may hold slashes: the first split that names something known is it;
/// or the path of a file that a pipeline has looked at.</remarks>
internal sealed class LogExplainer(ILogStore log, IQuarantineStore quarantine, IRunStore runs, IGrainFactory grains) : IRecordExplainer
{
    private const string OperatorsDecision = "an operator's decision";
    private const int MaxVersions = 20;
    private const int MaxSplits = 16;

    /// <summary>The longest text of a source that an explanation shows, in bytes of UTF-8.</summary>
    private const int MaxSourceBytes = 2_000;

    private readonly FileExplainer files = new(log, runs);

    public async Task<WhyView> Explain(TenantId tenant, string id, CancellationToken cancellation) => (await Look(tenant, id, cancellation)).View;

    /// <summary>The same with the newest version of the record, where the id is one's.</summary>
    public async Task<(WhyView View, LogEntry? Newest)> Look(TenantId tenant, string id, CancellationToken cancellation)
    {
        if (long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && await quarantine.Find(tenant, number, cancellation) is { } item)
            return (OfItem(id, item), null);
        var isName = !id.Contains('\0'); // A key may hold one, no name does.
        if (isName && await runs.Find(tenant, id, cancellation) is { } run)
            return (run.State == RunState.Running && await Waits(tenant, run) is { } wait ? OfWaiting(run, wait) : OfRun(run), null);
        var splits = 0;
        for (var slash = id.IndexOf('/', StringComparison.Ordinal); slash > 0 && splits < MaxSplits && !id.AsSpan(0, slash).Contains('\0'); slash = id.IndexOf('/', slash + 1), splits++)
            if (await OfRecord(tenant, id, id[..slash], id[(slash + 1)..], cancellation) is { } found)
                return found;
        return ((isName ? await files.Explain(tenant, id, cancellation) : null) ?? new WhyView(id, "unknown", null, null, "No record, quarantined item, run or file is known by this id.", []), null);
    }

    private async Task<(WhyView, LogEntry?)?> OfRecord(TenantId tenant, string id, string stream, string key, CancellationToken cancellation)
    {
        var versions = await log.History(tenant, stream, key, null, MaxVersions, cancellation);
        var items = await quarantine.OfKey(tenant, stream, key, cancellation);
        if (versions.Count == 0 && items.Count == 0)
            return null;
        var steps = versions.Select(StepOf)
            .Concat(items.Select(StepOf)).OrderBy(step => step.At).ToArray();
        var last = steps[^1];
        var held = items.Any(item => item.State == QuarantineState.Held);
        var explanation = held ? "A version of this record is held back; an earlier one, where there is one, stays current." : "The newest version is in the log.";
        return (new WhyView(id, last.Stage, last.At, held ? OperatorsDecision : null, explanation, steps), versions.FirstOrDefault());
    }

    private static WhyView OfItem(string id, QuarantinedItem item) => new(id, StepOf(item).Stage, item.DecidedAt ?? item.At, item.State == QuarantineState.Held ? OperatorsDecision : null,
        string.Join("; ", item.Reasons.Select(reason => $"{reason.Field}: expected {reason.Expected}, found {reason.Value ?? "nothing"} ({reason.Rule})")),
        [new WhyStep("read", item.At, $"{item.Origin.Path}, line {item.Origin.Line}, run {item.Run}{Transformed(item.Source?.DefinitionVersion, item.Source?.PayloadJson is not null)}", Shown(item.Source?.PayloadJson)), StepOf(item)]);

    private static WhyStep StepOf(LogEntry version) => new(version.Operation == RecordOperation.Delete ? "deleted" : "stored", version.At,
        $"version {version.Version}{(version.Run.Length == 0 ? "" : $", run {version.Run}")}{Transformed(version.Source?.DefinitionVersion, version.Source is { Payload.IsEmpty: false })}",
        version.Source is { Payload.IsEmpty: false } source ? TransformedBatch.Clip(source.Payload, MaxSourceBytes) : null);

    private static string Transformed(int? definitionVersion, bool isSourceKept) => definitionVersion is not { } number ? ""
        : $", transformed by definition version {number}{(isSourceKept ? "" : "; what the source said is not kept, because the stream masks")}";

    private static string? Shown(string? json) => json is null ? null : TransformedBatch.Clip(Encoding.UTF8.GetBytes(json), MaxSourceBytes);

    private static WhyStep StepOf(QuarantinedItem item) => item.State == QuarantineState.Held
        ? new WhyStep("quarantined", item.At, $"item {item.Id}: {string.Join("; ", item.Reasons.Select(reason => reason.Rule))}")
        : new WhyStep(item.State.ToString().ToLowerInvariant(), item.DecidedAt, $"item {item.Id}, by {item.DecidedBy}");

    // Only its pipeline knows; where that cannot be asked, the run is told as the log has it.
    private async Task<RunWait?> Waits(TenantId tenant, RunRow run)
    {
        try
        {
            return (await grains.GetGrain<IPipelineGrain>(TenantKey.Of(tenant, run.Pipeline)).Run(run.RunId))?.Waits;
        }
        catch (Exception away) when (away is RefusedException or TimeoutException or OrleansException or StorageException)
        {
            return null;
        }
    }

    private static WhyView OfWaiting(RunRow run, RunWait wait) => new(run.RunId, "waiting", wait.Since ?? run.UpdatedAt,
        wait.Since is null ? wait.Because : wait.Place is null ? "its turn" : string.Create(CultureInfo.InvariantCulture, $"its turn, place {wait.Place} of {wait.Of}"), $"{char.ToUpperInvariant(wait.Because[0])}{wait.Because[1..]}.",
        [new WhyStep("asked for", run.StartedAt, run.Reason), new WhyStep("waiting", wait.Since ?? run.UpdatedAt, wait.Because)]);

    private static WhyView OfRun(RunRow run) => new(run.RunId, run.State.ToString().ToLowerInvariant(), run.EndedAt ?? run.UpdatedAt,
        run.State == RunState.Paused ? "somebody to resume it" : null, run.Error ?? $"{run.Counts.In} read, {run.Counts.Stored} stored, {run.Counts.Quarantined} quarantined.",
        [new WhyStep("started", run.StartedAt, run.Reason), new WhyStep(run.State.ToString().ToLowerInvariant(), run.EndedAt ?? run.UpdatedAt, $"{run.PartitionsDone} of {run.PartitionsTotal} partitions")]);
}
