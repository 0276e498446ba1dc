using System.Diagnostics.Metrics;

namespace Sophia.Operations;

/// <summary>What the edge tells to whoever measures, beside what ASP.NET measures itself; for all tenants together.</summary>
internal static class EdgeMeter
{
    private static readonly Meter Meter = new("Sophia.Edge");
    private static readonly Counter<long> Refusals = Meter.CreateCounter<long>("sophia.refusals", "{refusal}", "Requests and hub calls that were answered with a problem, by its code.");
    private static readonly UpDownCounter<long> Streams = Meter.CreateUpDownCounter<long>("sophia.open_streams", "{stream}", "Event streams and hub streams that are open.");

    public static void Refused(string code) => Refusals.Add(1, new KeyValuePair<string, object?>("code", code));

    /// <param name="kind">sse or hub.</param>
    public static void Opened(string kind) => Streams.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public static void Closed(string kind) => Streams.Add(-1, new KeyValuePair<string, object?>("kind", kind));
}
