namespace Sophia.Resilience;

/// <summary>Makes one picture of what the processes saw. Pure.</summary>
internal static class HealthMerge
{
    /// <param name="broken">Breakers that let nobody through, by dependency, with why.</param>
    public static HealthSnapshot Of(IReadOnlyCollection<HealthReport> reports, IReadOnlyDictionary<string, string> broken, DegradationOptions options)
    {
        var signals = new SortedDictionary<HealthSignal, double>();
        foreach (var group in reports.SelectMany(report => report.Signals).GroupBy(one => one.Signal))
            signals[group.Key] = group.Max(one => one.Value);
        if (reports.Sum(report => report.Requests) is var requests && requests >= options.MinimumRequests)
        {
            signals[HealthSignal.ErrorRate] = 100.0 * reports.Sum(report => report.Failed) / requests;
            signals[HealthSignal.P95] = LatencyBuckets.P95([.. Enumerable.Range(0, LatencyBuckets.Count).Select(bucket => reports.Sum(report => report.Times.ElementAtOrDefault(bucket)))]);
        }
        var failing = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (dependency, because) in broken)
            failing[dependency] = because;
        // At least half of the processes that used it lately must see it failing: one sick process is alone.
        foreach (var seen in reports.SelectMany(report => report.Dependencies).GroupBy(one => one.Name, StringComparer.Ordinal))
            if (seen.Count(one => one.Because is not null) * 2 >= seen.Count() && seen.Select(one => one.Because).FirstOrDefault(because => because is not null) is { } because)
                failing[seen.Key] = because;
        return new HealthSnapshot(signals, failing);
    }

    public static IReadOnlyList<HealthReading> Readings(HealthSnapshot seen) =>
    [
        .. seen.Signals.OrderBy(one => one.Key).Select(one => new HealthReading(one.Key.ToString(), HealthText.Of(one.Key, one.Value))),
        .. seen.Failing.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => new HealthReading(one.Key, one.Value)),
    ];
}
