namespace Sophia.Pipelines;

/// <summary>Decides where a partition is read from and what its mark becomes.</summary>
internal static class PartitionRules
{
    /// <summary>The mark to read on from: the one before where the content is the same, else a fresh one that remembers what the partition fed.</summary>
    /// <param name="outlives">The reader's state holds under another fingerprint too.</param>
    public static PartitionMark StartOf(PartitionMark? before, string fingerprint, bool fromTheStart, bool outlives = false)
    {
        if (before is null)
            return new PartitionMark(fingerprint);
        if (before.Fingerprint == fingerprint && !fromTheStart)
            return before;
        var fedAnything = before.Done || before.State is not null || before.Reread;
        return new PartitionMark(fingerprint, outlives ? before.State : null, Streams: before.Streams, Reread: fedAnything);
    }

    /// <summary>The mark after a batch (or after the end, with no batch).</summary>
    public static PartitionMark After(PartitionMark mark, JudgedBatch? batch, bool last, IReadOnlySet<string> streams, ReadingPlan plan)
    {
        var unclear = mark.Bad + (batch?.Bad ?? 0);
        var whole = batch?.Whole ?? mark.Whole;
        var fed = whole is null ? mark.Reread && streams.Any(plan.IsDeduplicated) : whole.Keys.Any(plan.IsDeduplicated);
        return mark with
        {
            State = batch?.State ?? mark.State,
            Records = batch?.Held ?? mark.Records + (batch?.Counts.In ?? 0),
            Bad = unclear,
            Done = last,
            Streams = [.. streams.Order(StringComparer.Ordinal)],
            Sweep = last && fed && unclear == 0,
            Whole = whole,
            Kept = batch is { Kept.Count: > 0 } ? [.. mark.Kept ?? [], .. batch.Kept] : mark.Kept,
        };
    }

    /// <summary>The most keys of quarantined records that a mark remembers; beyond it nothing of the partition counts as vanished in this reading.</summary>
    public const int MaxKept = 2_000;
}
