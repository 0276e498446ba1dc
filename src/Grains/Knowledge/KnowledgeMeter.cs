using System.Diagnostics.Metrics;

namespace Sophia.Knowledge;

/// <summary>What search and index tell to whoever measures, for all tenants together.</summary>
internal static class KnowledgeMeter
{
    private static readonly Meter Meter = new("Sophia.Knowledge");
    private static readonly Histogram<double> SearchTime = Meter.CreateHistogram<double>("sophia.search.duration", "s", "How long searches took that were answered.");
    private static readonly UpDownCounter<long> Behind = Meter.CreateUpDownCounter<long>("sophia.projection.behind", "{position}", "Log positions that projections of this process know of and have not taken in yet.");
    private static readonly Histogram<double> Delay = Meter.CreateHistogram<double>("sophia.projection.delay", "s", "From a row's place in the log to its place in the projection, of the newest row of each step.");
    private static readonly Counter<long> Failures = Meter.CreateCounter<long>("sophia.projection.failures", "{failure}", "Steps of projections that failed and are tried again.");
    private static readonly Counter<long> PutAside = Meter.CreateCounter<long>("sophia.projection.dead_letters", "{record}", "Records that a projection could not take in and put aside.");

    public static void Searched(TimeSpan took) => SearchTime.Record(took.TotalSeconds);

    /// <summary>Changes what the projections of this process are behind by, all together.</summary>
    public static void BehindBy(string projection, long change)
    {
        if (change != 0)
            Behind.Add(change, Of(projection));
    }

    public static void Stepped(string projection, TimeSpan delay) => Delay.Record(Math.Max(0, delay.TotalSeconds), Of(projection));

    public static void Failed(string projection) => Failures.Add(1, Of(projection));

    public static void DeadLetter(string projection) => PutAside.Add(1, Of(projection));

    private static KeyValuePair<string, object?> Of(string projection) => new("projection", projection);
}
