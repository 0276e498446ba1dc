using System.Diagnostics.Metrics;

namespace Sophia.Resilience;

/// <summary>Changes of level. Names no tenant.</summary>
internal static class DegradationMeter
{
    private static readonly Meter Meter = new("Sophia.Degradation");

    private static readonly Counter<long> Changes = Meter.CreateCounter<long>("sophia.degradation.changes", "{change}", "Changes of the level of degradation, by whose it is and to which level.");

    public static void Turned(bool ofSystem, DegradationLevel to) =>
        Changes.Add(1, new KeyValuePair<string, object?>("of", ofSystem ? "system" : "tenant"), new KeyValuePair<string, object?>("to", to.ToString().ToLowerInvariant()));
}
