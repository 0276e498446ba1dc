using System.Globalization;

namespace Sophia.Bench;

/// <summary>What the windows showed, with and without the flood.</summary>
internal sealed class SeenWindows
{
    private readonly List<(CallerWaits Waits, ServerCost Cost)> alone = [], beside = [];
    private readonly List<CallerTally> tallies = [];

    public void Add(bool floods, CallerWaits waits, ServerCost cost, CallerTally? tally)
    {
        (floods ? beside : alone).Add((waits, cost));
        if (tally is not null)
            tallies.Add(tally);
    }

    /// <summary>p95 over all windows of a side, and the quotient of each round.</summary>
    public (double Alone, double Beside, double[] Ratios) Of(string kind) =>
        (P95(All(alone, kind)), P95(All(beside, kind)), [.. alone.Zip(beside, (one, other) => P95(other.Waits.Waits[kind]) / P95(one.Waits.Waits[kind]))]);

    public string Typical(string kind) => string.Create(CultureInfo.InvariantCulture, $"{Median(All(alone, kind)):0.0} and {Median(All(beside, kind)):0.0} ms, {All(alone, kind).Count():N0} and {All(beside, kind).Count():N0} calls");

    /// <summary>What the flood was answered, and what each process cost.</summary>
    public IEnumerable<FormattableString> Said()
    {
        foreach (var kind in tallies.SelectMany(tally => tally.Kinds.Keys).Distinct())
        {
            var own = tallies.ConvertAll(tally => tally.Kinds[kind]);
            yield return $"the flood's {kind}: {own.Average(one => one.Sent):N0} sent, {own.Average(one => one.Done):N0} answered, {own.Average(one => one.Refused):N0} refused, {own.Average(one => one.Failed):N0} failed a second";
        }
        yield return $"callers: the quiet tenant's {alone.Average(one => one.Waits.Cores):0.00} cores alone, {beside.Average(one => one.Waits.Cores):0.00} beside the flood; the flood's {tallies.Average(one => one.Cores):0.00}";
        yield return $"server alone: {Cost(alone)}";
        yield return $"server beside the flood: {Cost(beside)}";
    }

    public static double P95(IEnumerable<double> waits)
    {
        var sorted = waits.Order().ToList();
        return sorted.Count == 0 ? 0 : sorted[Math.Min(sorted.Count - 1, (int)Math.Ceiling(sorted.Count * 0.95) - 1)];
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0 ? 0 : sorted[sorted.Count / 2];
    }

    private static IEnumerable<double> All(List<(CallerWaits Waits, ServerCost Cost)> side, string kind) => side.SelectMany(one => one.Waits.Waits[kind]);

    private static string Cost(List<(CallerWaits Waits, ServerCost Cost)> side)
    {
        var kinds = side.SelectMany(one => one.Cost.Cores.Keys).Distinct().Select(kind => (Kind: kind, Cores: side.Average(one => one.Cost.Cores.GetValueOrDefault(kind)))).Where(one => one.Cores >= 0.02).OrderByDescending(one => one.Cores);
        return string.Create(CultureInfo.InvariantCulture, $"{side.Average(one => one.Cost.Cores.Values.Sum()):0.00} cores ({string.Join(", ", kinds.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Kind} {one.Cores:0.00}")))}), {side.Average(one => one.Cost.Mib):0} MiB allocated, {side.Average(one => one.Cost.Collections):0.0} collections ({side.Average(one => one.Cost.FullCollections):0.0} full) a second, which stopped it for {side.Average(one => one.Cost.Paused):P1} of the time; work waited for a thread {side.Average(one => one.Cost.PoolWait):0.0} ms at p95");
    }
}
