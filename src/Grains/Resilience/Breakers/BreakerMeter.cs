using System.Diagnostics.Metrics;

namespace Sophia.Resilience;

/// <summary>What breakers tell to whoever measures; by dependency, never by tenant: sources of tenants are one ("source").</summary>
internal static class BreakerMeter
{
    private static readonly Meter Meter = new("Sophia.Resilience");
    private static readonly Counter<long> Turns = Meter.CreateCounter<long>("sophia.breaker.transitions", "{transition}", "Changes of breakers' phases, by dependency and the phase that began.");
    private static readonly Counter<long> Refusals = Meter.CreateCounter<long>("sophia.breaker.refusals", "{call}", "Calls that breakers of this process let not through, by dependency and reason; of one that only measures, those that it would not have.");

    public static void Turned(string dependency, BreakerPhase phase) => Turns.Add(1, PolicyMeter.Of(dependency), new("phase", phase switch
    {
        BreakerPhase.Closed => "closed", BreakerPhase.Open => "open", BreakerPhase.HalfOpen => "half_open", _ => "ramp",
    }));

    public static void Refused(string dependency, BreakerRefusalReason reason) => Refusals.Add(1, PolicyMeter.Of(dependency), new("reason", reason switch
    {
        BreakerRefusalReason.Open => "open", BreakerRefusalReason.OpenHere => "open_here", BreakerRefusalReason.ProbesAreOut => "probes_are_out", BreakerRefusalReason.Ramp => "ramp", _ => "isolated",
    }));
}
