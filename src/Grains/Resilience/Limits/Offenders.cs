using System.Globalization;

namespace Sophia.Resilience;

/// <summary>Who of a tenant was refused and asked on, and what became of it. For a grain, whose turns it relies on; waits are its memory alone, bans are written down by whoever asks it.</summary>
internal sealed class Offenders(PenaltyRules rules)
{
    /// <summary>Callers that are remembered; of more, those that are nearest to being forgiven are forgotten.</summary>
    public const int Most = 1_000;

    private readonly Dictionary<string, (PenaltyRules.State State, string Limit, DateTimeOffset LastAt)> all = new(StringComparer.Ordinal);

    public void Load(IEnumerable<BannedCaller> banned)
    {
        foreach (var one in banned)
            all[one.Of] = (new PenaltyRules.State(rules.Free, one.Bans, one.Since, one.Since, one.Until, IsBanned: true), one.Limit, one.Since);
    }

    /// <summary>He was refused, or asked within his wait. The ban that this brought; null: none.</summary>
    public BannedCaller? Refused(string who, string limit, DateTimeOffset now)
    {
        var (before, _, last) = all.GetValueOrDefault(who);
        // What several processes saw within a second is one mistake, too.
        if (last != default && now - last < LimitBook.CountedEvery)
            return null;
        var after = rules.Refused(before, now);
        all[who] = (after, limit, now);
        if (all.Count > Most)
            foreach (var one in all.OrderBy(one => one.Value.State.RefusedUntil).ThenBy(one => one.Value.LastAt).ThenBy(one => one.Key, StringComparer.Ordinal).Take(Most / 10).Select(one => one.Key).ToList())
                all.Remove(one);
        return after.Bans > rules.Forgotten(before, now).Bans ? new BannedCaller(who, limit, after.Bans, now, after.RefusedUntil) : null;
    }

    public bool Knows(string who) => all.ContainsKey(who);

    public void Release(string who) => all.Remove(who);

    /// <summary>Those of whom something counts, who are banned or wait first.</summary>
    public IReadOnlyList<LimitOffender> View(DateTimeOffset now)
    {
        foreach (var forgiven in all.Where(one => rules.Forgotten(one.Value.State, now) is { Refusals: 0, Bans: 0 }).Select(one => one.Key).ToList())
            all.Remove(forgiven);
        return [.. all.Select(one => (one.Key, State: rules.Forgotten(one.Value.State, now), one.Value.Limit, one.Value.LastAt))
            .Select(one => new LimitOffender(one.Key, one.Limit, one.State.Refusals, one.State.Bans, one.State.IsBanned && one.State.RefusedUntil > now, PenaltyRules.RefusedUntil(one.State, now), one.LastAt))
            .OrderByDescending(one => one.IsBanned).ThenByDescending(one => one.Until ?? DateTimeOffset.MinValue).ThenBy(one => one.Of, StringComparer.Ordinal)];
    }

    /// <summary>Those who wait or are banned, for processes.</summary>
    public IReadOnlyList<LimitBookPenalty> Penalties(DateTimeOffset now) => [.. all.Where(one => one.Value.State.RefusedUntil > now).OrderBy(one => one.Key, StringComparer.Ordinal)
        .Select(one => new LimitBookPenalty(one.Key, one.Value.Limit, one.Value.State.IsBanned, one.Value.State.RefusedUntil - now))];

    /// <summary>Why somebody is banned, in words.</summary>
    public static string Why(BannedCaller banned, DateTimeOffset now) => string.Create(CultureInfo.InvariantCulture,
        $"asked on and on although \"{banned.Limit}\" refused it; for {(banned.Until - now).TotalMinutes:0.#} minutes, ban {banned.Bans}");
}
