using System.Diagnostics.Metrics;

namespace Sophia.Resilience;

/// <summary>What bulkheads tell to whoever measures; by kind, never by tenant.</summary>
internal static class BulkheadMeter
{
    private static readonly Meter Meter = new("Sophia.Resilience");
    private static readonly Counter<long> Refusals = Meter.CreateCounter<long>("sophia.bulkhead.refusals", "{call}", "Calls that a tenant's bulkhead refused, by kind and reason (full, late, deadline, bytes).");

    public static void Refused(BulkheadKind kind, string reason) => Refusals.Add(1, new KeyValuePair<string, object?>("kind", Word(kind)), new("reason", reason));

    public static void BytesRefused() => Refusals.Add(1, new KeyValuePair<string, object?>("kind", "bytes"), new("reason", "full"));

    public static string Word(BulkheadKind kind) => kind switch
    {
        BulkheadKind.Search => "search", BulkheadKind.Ask => "ask", BulkheadKind.Ingest => "ingest", BulkheadKind.Export => "export", BulkheadKind.Work => "work", _ => "batches",
    };
}
