using System.Globalization;

namespace Sophia.Resilience;

/// <summary>Makes one picture of what the processes saw. Pure.</summary>
internal static class HealthMerge
{
    /// <param name="broken">Breakers that let nobody through, by dependency, with why.</param>
    /// <param name="ofAll">Whether it is the installation's picture: then sources count by their tenants, and none of them is named.</param>
    public static HealthSnapshot Of(IReadOnlyCollection<HealthReport> reports, IReadOnlyDictionary<string, string> broken, DegradationOptions options, bool ofAll = false)
    {
        var signals = new SortedDictionary<HealthSignal, double>();
        foreach (var group in reports.SelectMany(report => report.Signals).GroupBy(one => one.Signal))
            signals[group.Key] = group.Key == HealthSignal.Memory ? OfHalf(group.Select(one => one.Value)) : group.Max(one => one.Value);
        if (reports.Sum(report => report.Requests) is var requests && requests >= options.MinimumRequests)
        {
            signals[HealthSignal.ErrorRate] = 100.0 * reports.Sum(report => report.Failed) / requests;
            signals[HealthSignal.P95] = LatencyBuckets.P95([.. Enumerable.Range(0, LatencyBuckets.Count).Select(bucket => reports.Sum(report => report.Times.ElementAtOrDefault(bucket)))]);
        }
        var failing = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (dependency, because) in broken)
            failing[dependency] = because;
        foreach (var seen in reports.SelectMany(report => report.Dependencies).GroupBy(one => one.Name, StringComparer.Ordinal))
            if (ByHalf(seen.Select(one => one.Because)) is { } because)
                failing[seen.Key] = because;
        foreach (var type in reports.SelectMany(report => report.Sources ?? []).GroupBy(one => one.Type, StringComparer.Ordinal))
            Sources(type.Key, type, failing, options, ofAll);
        return new HealthSnapshot(signals, failing);
    }

    /// <summary>What a pipeline's source is called among what fails: what fails there says nothing of other sources of the type.</summary>
    public static string SourceName(string type, string pipeline) => $"{type}@{pipeline}";

    private static void Sources(string type, IEnumerable<SourceHealth> seen, SortedDictionary<string, string> failing, DegradationOptions options, bool ofAll)
    {
        var sources = seen.GroupBy(one => (one.Tenant, one.Pipeline)).Select(one => (one.Key.Tenant, one.Key.Pipeline, Because: ByHalf(one.Select(source => source.Because)))).ToArray();
        if (!ofAll)
            foreach (var source in sources.Where(source => source.Because is not null))
                failing[SourceName(type, source.Pipeline)] = source.Because!;
        var who = ofAll ? sources.GroupBy(source => source.Tenant, StringComparer.Ordinal).Select(tenant => ByHalf(tenant.Select(source => source.Because))).ToArray() : [.. sources.Select(source => source.Because)];
        if (who.Count(because => because is not null) is var fail && fail >= options.TypeFailsFrom && fail * 2 >= who.Length)
            failing.TryAdd(type, string.Create(CultureInfo.InvariantCulture, $"it fails for {fail} of the {who.Length} {(ofAll ? "tenants" : "pipelines")} that read from it lately"));
    }

    /// <summary>What at least half of the processes reach: a process' memory is its own, and everybody's level gives it none back.</summary>
    private static double OfHalf(IEnumerable<double> values)
    {
        var all = values.OrderDescending().ToArray();
        return all[(all.Length - 1) / 2];
    }

    /// <summary>Why something fails that at least half of those who used it lately see failing, one sick process being alone; null: it does not.</summary>
    private static string? ByHalf(IEnumerable<string?> seen)
    {
        var all = seen.ToArray();
        return all.Count(because => because is not null) * 2 >= all.Length ? all.FirstOrDefault(because => because is not null) : null;
    }

    public static IReadOnlyList<HealthReading> Readings(HealthSnapshot seen) =>
    [
        .. seen.Signals.OrderBy(one => one.Key).Select(one => new HealthReading(one.Key.ToString(), HealthText.Of(one.Key, one.Value))),
        .. seen.Failing.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => new HealthReading(one.Key, one.Value)),
    ];
}
