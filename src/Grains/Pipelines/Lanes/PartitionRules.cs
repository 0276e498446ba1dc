namespace Sophia.Pipelines;

/// <summary>Decides where a partition is read from and what its mark becomes.</summary>
internal static class PartitionRules
{
    /// <summary>The mark to read on from: the one before where the content is the same, else a fresh one that remembers what the partition fed.</summary>
    public static PartitionMark StartOf(PartitionMark? before, string fingerprint, bool fromTheStart)
    {
        if (before is null)
            return new PartitionMark(fingerprint);
        if (before.Fingerprint == fingerprint && !fromTheStart)
            return before;
        var fedAnything = before.Done || before.State is not null || before.Reread;
        return new PartitionMark(fingerprint, Streams: before.Streams, Reread: fedAnything);
    }

    /// <summary>The mark after a batch (or after the end, with no batch).</summary>
    public static PartitionMark After(PartitionMark mark, string? state, long records, long bad, bool last, IReadOnlySet<string> streams, ReadingPlan plan)
    {
        var (total, unclear) = (mark.Records + records, mark.Bad + bad);
        return mark with
        {
            State = state ?? mark.State,
            Records = total,
            Bad = unclear,
            Done = last,
            Streams = [.. streams.Order(StringComparer.Ordinal)],
            Sweep = last && mark.Reread && unclear == 0 && streams.Any(plan.IsDeduplicated),
        };
    }
}
