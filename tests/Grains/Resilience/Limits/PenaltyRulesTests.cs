namespace Sophia.Resilience;

/// <summary>Goal: good callers are not punished, violators wait longer each time, and who never stops is banned. Method: walks along the clock.</summary>
public sealed class PenaltyRulesTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly PenaltyRules Rules = new() { Free = 3, BannedAfter = 4 };

    [Fact]
    public void The_free_refusals_cost_nothing_and_then_each_doubles_the_wait()
    {
        var (state, waits) = (default(PenaltyRules.State), new List<double>());
        for (var i = 0; i < 7; i++)
        {
            state = Rules.Refused(state, Start);
            waits.Add((PenaltyRules.RefusedUntil(state, Start) - Start)?.TotalSeconds ?? 0);
        }
        Assert.Equal([0, 0, 0, 1, 2, 4, 8], waits);
        Assert.False(state.IsBanned);
    }

    [Fact]
    public void Who_does_not_stop_is_banned_and_longer_each_time_up_to_a_day()
    {
        var (state, now, bans) = (default(PenaltyRules.State), Start, new List<TimeSpan>());
        while (bans.Count < 9)
        {
            state = Rules.Refused(state, now);
            if (!state.IsBanned)
                continue;
            bans.Add(state.RefusedUntil - now);
            now = state.RefusedUntil;
        }
        Assert.Equal([15, 30, 60, 120, 240, 480, 960, 1_440, 1_440], bans.Select(ban => ban.TotalMinutes));
    }

    [Fact]
    public void What_is_asked_within_a_ban_does_not_lengthen_it()
    {
        var state = new PenaltyRules.State(3, 1, Start, Start, Start.AddMinutes(15), IsBanned: true);
        for (var i = 0; i < 1_000; i++)
            state = Rules.Refused(state, Start.AddSeconds(i / 10.0));
        Assert.Equal((Start.AddMinutes(15), 1), (state.RefusedUntil, state.Bans));
    }

    [Fact]
    public void Whoever_behaves_is_forgiven_one_by_one()
    {
        var state = default(PenaltyRules.State);
        for (var i = 0; i < 5; i++)
            state = Rules.Refused(state, Start);
        Assert.Equal(Start.AddSeconds(2), state.RefusedUntil);
        state = Rules.Refused(state, Start.AddSeconds(2 + 35));
        Assert.Equal(3, state.Refusals);
        Assert.Null(PenaltyRules.RefusedUntil(state, Start.AddSeconds(37)));
        state = Rules.Refused(state with { Bans = 2, BansSince = Start }, Start.AddSeconds(2 + 250));
        Assert.Equal((1, 0), (state.Refusals, state.Bans));
    }

    [Fact]
    public void A_caller_who_keeps_to_what_he_is_told_never_waits_longer_than_the_longest_wait()
    {
        var (state, now) = (default(PenaltyRules.State), Start);
        for (var i = 0; i < 200; i++)
        {
            state = Rules.Refused(state, now);
            var until = PenaltyRules.RefusedUntil(state, now) ?? now.AddMilliseconds(100);
            Assert.True(state.IsBanned || until - now <= Rules.LongestWait);
            now = until;
        }
    }
}
