using System.Diagnostics.Metrics;

namespace Sophia.Pipelines;

/// <summary>What pipelines tell to whoever measures, for all tenants together: no label names a tenant, a pipeline or a stream.</summary>
/// <remarks>Nothing reads these, so they can decide nothing. One addition for each batch or delivery, not for each record.</remarks>
internal static class PipelineMeter
{
    private static readonly Meter Meter = new("Sophia.Pipelines");
    private static readonly Counter<long> Started = Meter.CreateCounter<long>("sophia.runs.started", "{run}", "Runs that were started.");
    private static readonly Counter<long> Finished = Meter.CreateCounter<long>("sophia.runs.ended", "{run}", "Runs that ended, by how: succeeded, failed, cancelled.");
    private static readonly Histogram<double> RunTime = Meter.CreateHistogram<double>("sophia.run.duration", "s", "How long ended runs took, pauses left out.");
    private static readonly Counter<long> Records = Meter.CreateCounter<long>("sophia.records", "{record}", "Records that were read, by what became of them: stored, duplicate, quarantined, deleted.");
    private static readonly Histogram<double> BatchTime = Meter.CreateHistogram<double>("sophia.batch.duration", "s", "How long one batch took from reading to the log's acknowledgement.");
    private static readonly Counter<long> Deliveries = Meter.CreateCounter<long>("sophia.deliveries", "{delivery}", "Webhook deliveries, by outcome.");

    public static void RunStarted() => Started.Add(1);

    public static void RunEnded(RunRow row)
    {
        Finished.Add(1, State(row.State.ToString()));
        if (row.EndedAt is { } end)
            RunTime.Record((end - row.StartedAt - row.PausedFor).TotalSeconds);
    }

    public static void Batch(RunCounts counts, TimeSpan took)
    {
        BatchTime.Record(took.TotalSeconds);
        Add(counts.Stored, "stored");
        Add(counts.Duplicate, "duplicate");
        Add(counts.Quarantined, "quarantined");
        Add(counts.Deleted, "deleted");
    }

    public static void Delivered(DeliveryOutcome outcome)
    {
        Deliveries.Add(1, State(outcome.ToString()));
        if (outcome is DeliveryOutcome.Stored or DeliveryOutcome.Duplicate or DeliveryOutcome.Quarantined)
            Add(1, Word(outcome.ToString()));
    }

    private static void Add(long count, string outcome)
    {
        if (count > 0)
            Records.Add(count, new KeyValuePair<string, object?>("outcome", outcome));
    }

    private static KeyValuePair<string, object?> State(string word) => new("outcome", Word(word));

    private static string Word(string name) => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(name);
}
