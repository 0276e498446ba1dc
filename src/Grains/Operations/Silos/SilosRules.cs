namespace Sophia.Operations;

/// <summary>What of the membership and the counts is shown. Pure.</summary>
internal static class SilosRules
{
    /// <summary>Silos that ended and are still named, the newest first: who looks after a loss wants to see it.</summary>
    public const int MostEnded = 10;

    private const string Ours = "Sophia.";

    /// <summary>Those that live, by name, then those that ended and whose name nobody bears any more.</summary>
    public static IReadOnlyList<MembershipEntry> Shown(IEnumerable<MembershipEntry> members)
    {
        var all = members.ToList();
        var living = all.Where(member => member.Status != SiloStatus.Dead).OrderBy(member => member.SiloName, StringComparer.Ordinal).ThenBy(member => member.SiloAddress).ToList();
        var names = living.Select(member => member.SiloName).ToHashSet(StringComparer.Ordinal);
        return [.. living, .. all.Where(member => member.Status == SiloStatus.Dead && !names.Contains(member.SiloName))
            .GroupBy(member => member.SiloName, StringComparer.Ordinal).Select(same => same.MaxBy(member => member.StartTime)!)
            .OrderByDescending(member => member.StartTime).ThenBy(member => member.SiloName, StringComparer.Ordinal).Take(MostEnded)];
    }

    /// <summary>Activations by class. <paramref name="counted"/> names a class as "Namespace.Class,Assembly".</summary>
    public static IReadOnlyList<GrainCounts> Counts(IEnumerable<(string Silo, string GrainType, int Activations)> counted) =>
        [.. counted.Where(line => line.Activations > 0).GroupBy(line => Named(line.GrainType))
            .Select(same => new GrainCounts(same.Key.Name, same.Key.IsRuntime, same.Sum(line => line.Activations),
                [.. same.GroupBy(line => line.Silo, StringComparer.Ordinal).OrderBy(on => on.Key, StringComparer.Ordinal).Select(on => new GrainsOnSilo(on.Key, on.Sum(line => line.Activations)))]))
            .OrderBy(counts => counts.IsRuntime).ThenByDescending(counts => counts.Total).ThenBy(counts => counts.Grain, StringComparer.Ordinal)];

    /// <summary>A status as programs and pages write it.</summary>
    public static string Word(SiloStatus status) => status switch
    {
        SiloStatus.Active => "active",
        SiloStatus.Created or SiloStatus.Joining => "joining",
        SiloStatus.ShuttingDown => "shuttingDown",
        SiloStatus.Stopping => "stopping",
        SiloStatus.Dead => "dead",
        _ => "unknown",
    };

    private static (string Name, bool IsRuntime) Named(string grainType)
    {
        var full = grainType.Split(',')[0];
        return (full[(full.LastIndexOf('.') + 1)..], !full.StartsWith(Ours, StringComparison.Ordinal));
    }
}
