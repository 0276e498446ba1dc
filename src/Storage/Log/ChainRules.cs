namespace Sophia.Log;

/// <summary>One version of a record as compaction sees it.</summary>
internal readonly record struct ChainLink(long Position, DateTimeOffset At);

/// <summary>What goes of one record.</summary>
/// <param name="Kept">How many of the newest versions stay; 0: nothing of the record stays.</param>
/// <param name="Removed">How many of the oldest go.</param>
/// <param name="Horizon">The latest moment at which one of those was current.</param>
internal readonly record struct ChainCut(int Kept, int Removed, DateTimeOffset Horizon);

/// <summary>Which versions of a record may go. Pure.</summary>
internal static class ChainRules
{
    /// <param name="chain">All versions, newest first.</param>
    /// <param name="newest">What the newest one did.</param>
    /// <param name="last">The log's last position, whose row stays.</param>
    /// <param name="budget">Rows that may go at most, at least 1.</param>
    public static ChainCut? Cut(IReadOnlyList<ChainLink> chain, RecordOperation newest, CompactionOrder order, long last, int budget)
    {
        if (newest == RecordOperation.Delete && order.Before is { } before && chain[0].At <= before && chain[0].Position <= order.ProjectedTo && chain[0].Position != last && chain.Count <= budget)
            return new ChainCut(0, chain.Count, chain[0].At);
        var kept = chain.Count;
        while (kept > 1 && MayGo(chain, kept - 1, order))
            kept--;
        var removed = Math.Min(chain.Count - kept, budget);
        return removed == 0 ? null : new ChainCut(chain.Count - removed, removed, chain[chain.Count - removed - 1].At);
    }

    // A version was current until the one after it was written.
    private static bool MayGo(IReadOnlyList<ChainLink> chain, int index, CompactionOrder order) =>
        (order.Before is null || chain[index - 1].At <= order.Before) && (order.KeepVersions is null || index >= order.KeepVersions);
}
