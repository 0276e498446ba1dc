using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Sophia.Operations;

/// <summary>What the stores' writers tell to whoever measures: each commit, how long it took and how many writes shared it.</summary>
internal static class CommitMeter
{
    private static readonly Meter Meter = new("Sophia.Storage");
    private static readonly Histogram<double> CommitTime = Meter.CreateHistogram<double>("sophia.commit.duration", "s", "How long a group of writes took from its begin to its commit, by store.");
    private static readonly Histogram<int> Group = Meter.CreateHistogram<int>("sophia.commit.writes", "{write}", "How many writes shared a commit, by store.");
    private static readonly Counter<long> Failures = Meter.CreateCounter<long>("sophia.commit.failures", "{commit}", "Groups of writes that failed, by store.");

    /// <summary>The moment to hand to <see cref="Committed"/>.</summary>
    public static long Begin() => Stopwatch.GetTimestamp();

    public static void Committed(string store, int writes, long began)
    {
        var of = new KeyValuePair<string, object?>("store", store);
        CommitTime.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, of);
        Group.Record(writes, of);
    }

    public static void Failed(string store) => Failures.Add(1, new KeyValuePair<string, object?>("store", store));
}
