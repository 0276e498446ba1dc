namespace Sophia.Resilience;

/// <summary>What the book must not forget: terms that somebody set, bans, and what happened. No member is ever changed in place.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.LimitBookState")]
internal sealed record LimitBookState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    [Id(1)]
    public IReadOnlyList<LimitOverride> Set { get; init; } = [];

    /// <summary>Who was banned and is not forgiven yet.</summary>
    [Id(2)]
    public IReadOnlyList<BannedCaller> Banned { get; init; } = [];

    /// <summary>Newest first.</summary>
    [Id(3)]
    public IReadOnlyList<LimitChange> History { get; init; } = [];

    /// <summary>Bans that count and whose entries the audit has not taken yet, oldest first; <see cref="Offenders.Most"/> at most.</summary>
    [Id(4)]
    public IReadOnlyList<LimitChange> Unaudited { get; init; } = [];

    /// <summary>Bans whose entries the audit will never have, because more were owed to it than are remembered: all that ever were.</summary>
    [Id(5)]
    public long LeftOut { get; init; }

    /// <summary>When the last of them was.</summary>
    [Id(6)]
    public DateTimeOffset LeftOutAt { get; init; }

    /// <summary>Up to how many of them the audit has been told.</summary>
    [Id(7)]
    public long LeftOutTold { get; init; }

    /// <summary>With entries of bans owed to the audit. Of more than <see cref="Offenders.Most"/> the oldest are left out, and counted.</summary>
    public LimitBookState Owing(IReadOnlyList<LimitChange> bans)
    {
        var owed = Unaudited.Concat(bans).ToList();
        var over = Math.Max(0, owed.Count - Offenders.Most);
        return over == 0 ? this with { Unaudited = owed } : this with { Unaudited = [.. owed.Skip(over)], LeftOut = LeftOut + over, LeftOutAt = owed[^1].At };
    }

    /// <summary>With these bans in the place of older ones of the same callers. No more are kept than <see cref="Offenders.Most"/>, those that end last: addresses are cheap.</summary>
    public LimitBookState With(IReadOnlyList<BannedCaller> banned, DateTimeOffset now)
    {
        var again = banned.Select(one => one.Of).ToHashSet(StringComparer.Ordinal);
        return this with { Banned = [.. Banned.Where(old => !again.Contains(old.Of) && old.Until > now - PenaltyRules.RememberBansFor).Concat(banned).OrderBy(one => one.Until).TakeLast(Offenders.Most)] };
    }
}

/// <param name="Bans">How many are not forgotten.</param>
/// <param name="Since">Up to when they were forgotten.</param>
[GenerateSerializer, Immutable, Alias("Sophia.BannedCaller")]
internal sealed record BannedCaller([property: Id(0)] string Of, [property: Id(1)] string Limit, [property: Id(2)] int Bans, [property: Id(3)] DateTimeOffset Since, [property: Id(4)] DateTimeOffset Until);
