using System.Diagnostics.Metrics;

namespace Sophia.Resilience;

/// <summary>What limits tell to whoever measures; by limit, never by tenant.</summary>
internal static class LimitMeter
{
    private static readonly Meter Meter = new("Sophia.Resilience");
    private static readonly Counter<long> Refusals = Meter.CreateCounter<long>("sophia.limit.refusals", "{call}", "Calls that limits refused in this process, by limit and why: limit, unshared (this process had no share yet), wait, ban.");
    private static readonly Counter<long> Bans = Meter.CreateCounter<long>("sophia.limit.bans", "{ban}", "Bans of callers who asked on and on, by limit.");
    private static readonly Counter<long> Unaudited = Meter.CreateCounter<long>("sophia.limit.bans.unaudited", "{ban}", "Bans that will have no entry in the audit, because it was away and more were owed to it than are remembered.");

    public static void Refused(string limit, string why) => Refusals.Add(1, new KeyValuePair<string, object?>("limit", limit), new("why", why));

    public static void Banned(string limit) => Bans.Add(1, new KeyValuePair<string, object?>("limit", limit));

    public static void LeftOut(long bans) => Unaudited.Add(bans);
}
