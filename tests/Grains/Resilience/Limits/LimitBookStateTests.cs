namespace Sophia.Resilience;

/// <summary>Goal: a flood of callers does not make the book of bans grow. Method: more bans than are kept.</summary>
public sealed class LimitBookStateTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Of_more_bans_than_are_kept_those_that_end_last_stay_and_a_newer_one_stands_for_its_caller()
    {
        var state = new LimitBookState { Banned = [Ban("address:again", 1), Ban("address:long", 1_000_000), Ban("address:forgotten", -(int)PenaltyRules.RememberBansFor.TotalSeconds - 1)] };
        var after = state.With([Ban("address:again", 500_000), .. Enumerable.Range(1, Offenders.Most + 500).Select(number => Ban($"address:{number}", number))], Now).Banned;
        Assert.Equal(Offenders.Most, after.Count);
        Assert.Equal(["address:long", "address:again", $"address:{Offenders.Most + 500}"], after.Reverse().Take(3).Select(one => one.Of));
        Assert.Equal(after.Count, after.Select(one => one.Of).Distinct().Count());
        Assert.DoesNotContain(after, one => one.Of is "address:forgotten" or "address:1");
        Assert.Equal(2, state.With([Ban("address:again", 2)], Now).Banned.Count);
    }

    [Fact]
    public void Of_more_entries_than_are_owed_the_oldest_are_left_out_and_counted()
    {
        var state = new LimitBookState().Owing([.. Enumerable.Range(0, Offenders.Most).Select(Entry)]);
        Assert.Equal((Offenders.Most, 0), (state.Unaudited.Count, state.LeftOut));
        state = state.Owing([Entry(Offenders.Most), Entry(Offenders.Most + 1), Entry(Offenders.Most + 2)]).Owing([Entry(Offenders.Most + 3)]);
        Assert.Equal((Offenders.Most, 4, Entry(Offenders.Most + 3).At), (state.Unaudited.Count, state.LeftOut, state.LeftOutAt));
        Assert.Equal(("key:4", $"key:{Offenders.Most + 3}"), (state.Unaudited[0].Of, state.Unaudited[^1].Of));
    }

    private static LimitChange Entry(int number) => new(Now.AddSeconds(number), "ban", $"key:{number}", "asked on", null);

    private static BannedCaller Ban(string of, int seconds) => new(of, "api-address", 1, Now, Now + TimeSpan.FromSeconds(seconds));
}
