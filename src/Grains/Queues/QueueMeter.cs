using System.Diagnostics.Metrics;

namespace Sophia.Queues;

/// <summary>What queues tell to whoever measures, for all tenants together.</summary>
internal static class QueueMeter
{
    private static readonly Meter Meter = new("Sophia.Queues");
    private static readonly Counter<long> Taken = Meter.CreateCounter<long>("sophia.queue.accepted", "{item}", "Items that queues took in.");
    private static readonly Counter<long> Handed = Meter.CreateCounter<long>("sophia.queue.leased", "{item}", "Items handed out to workers, each time counted.");
    private static readonly Counter<long> Ends = Meter.CreateCounter<long>("sophia.queue.ended", "{lease}", "Leases that ended, by what became of the item.");
    private static readonly Histogram<double> Wait = Meter.CreateHistogram<double>("sophia.queue.work.duration", "s", "How long attempts took that this process made.");

    public static void Accepted(int items)
    {
        if (items > 0)
            Taken.Add(items);
    }

    public static void Leased(int items)
    {
        if (items > 0)
            Handed.Add(items);
    }

    public static void Ended(FinishAnswer answer) => Ends.Add(1, new KeyValuePair<string, object?>("outcome", answer switch
    {
        FinishAnswer.Done => "done",
        FinishAnswer.Again => "again",
        FinishAnswer.Dead => "dead",
        FinishAnswer.Quarantined => "quarantined",
        _ => "late",
    }));

    public static void Worked(TimeSpan took) => Wait.Record(took.TotalSeconds);
}
