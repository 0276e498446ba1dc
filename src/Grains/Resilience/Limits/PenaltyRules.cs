namespace Sophia.Resilience;

/// <summary>What becomes of those who ask on although they are refused: they wait twice as long each time, and who does not stop is banned for a while.</summary>
public sealed record PenaltyRules
{
    /// <summary>Refusals that cost nothing more than the refusal, as good callers have them too. Default 10.</summary>
    public int Free { get; init; } = 10;

    /// <summary>The first wait; each further refusal doubles it. Default 1 s.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait. Default 1 minute.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Waits within which a caller asked on, and then is banned. Default 20.</summary>
    public int BannedAfter { get; init; } = 20;

    /// <summary>The first ban; each further one doubles it. Default 15 minutes.</summary>
    public TimeSpan FirstBan { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The longest ban. Default 24 h.</summary>
    public TimeSpan LongestBan { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long a caller behaves before one refusal is forgotten, and ten times as long before a ban is. Default 10 s.</summary>
    public TimeSpan ForgetOneEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a ban that is over is written down on, so that the next one is longer: 7 days.</summary>
    public static readonly TimeSpan RememberBansFor = TimeSpan.FromDays(7);

    internal bool IsInRange => Free >= 0 && FirstWait > TimeSpan.Zero && LongestWait >= FirstWait && BannedAfter >= 1 && FirstBan > TimeSpan.Zero && LongestBan >= FirstBan && ForgetOneEvery > TimeSpan.Zero;

    /// <param name="Refusals">Counted and not forgotten.</param>
    /// <param name="Since">Up to when refusals were forgotten; <paramref name="BansSince"/>: bans.</param>
    /// <param name="RefusedUntil">Until then nothing of the caller is admitted.</param>
    public readonly record struct State(int Refusals, int Bans, DateTimeOffset Since, DateTimeOffset BansSince, DateTimeOffset RefusedUntil, bool IsBanned);

    /// <summary>Until when nothing is admitted; null: it depends on the limit alone.</summary>
    public static DateTimeOffset? RefusedUntil(in State state, DateTimeOffset now) => state.RefusedUntil > now ? state.RefusedUntil : null;

    /// <summary>The state after the limit refused the caller, or he asked within his wait.</summary>
    public State Refused(in State before, DateTimeOffset now)
    {
        var state = Forgotten(before, now);
        var refusals = Math.Min(state.Refusals + 1, int.MaxValue - 1);
        if (state.IsBanned && state.RefusedUntil > now)
            return state with { Refusals = refusals };
        if (refusals <= Free)
            return state with { Refusals = refusals, IsBanned = false };
        if (refusals > Free + BannedAfter)
            return new State(Free, state.Bans + 1, now, now, now + Doubled(FirstBan, state.Bans, LongestBan), IsBanned: true);
        return state with { Refusals = refusals, RefusedUntil = now + Doubled(FirstWait, refusals - Free - 1, LongestWait), IsBanned = false };
    }

    /// <summary>The state after what good behaviour has undone.</summary>
    public State Forgotten(State state, DateTimeOffset now)
    {
        var before = state;
        var (refusals, since) = Less(state.Refusals, state.Since, ForgetOneEvery);
        var (bans, bansSince) = Less(state.Bans, state.BansSince, ForgetOneEvery * 10);
        return state with { Refusals = refusals, Since = since, Bans = bans, BansSince = bansSince };

        (int, DateTimeOffset) Less(int count, DateTimeOffset counted, TimeSpan every)
        {
            var from = counted > before.RefusedUntil ? counted : before.RefusedUntil;
            if (count == 0 || now <= from)
                return (count, count == 0 ? now : counted);
            var times = (now - from).Ticks / every.Ticks;
            return times == 0 ? (count, counted) : ((int)Math.Max(0, count - times), from + (every * times));
        }
    }

    private static TimeSpan Doubled(TimeSpan first, int times, TimeSpan longest) => times >= 62 || first.Ticks > longest.Ticks >> times ? longest : first * (1L << times);
}
