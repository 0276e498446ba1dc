using FsCheck;
using FsCheck.Fluent;

namespace Sophia.Security;

/// <summary>What a wrong key costs, over drawn sequences of tries.</summary>
public class SignInThrottleRulesTests
{
    private static readonly ThrottleBounds Bounds = new SignInThrottleOptions().OfAddress;
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    /// <summary>Tries come whenever somebody likes; those that are not refused are looked at. Goal: how many are looked at is bounded by the time that passes.</summary>
    [Fact]
    public void However_tries_are_timed_few_are_looked_at() => Prop.ForAll(
        ArbMap.Default.ArbFor<ushort[]>(), pauses =>
        {
            var (state, now, looked) = (new ThrottleState(), Start, 0);
            foreach (var milliseconds in pauses.Concat(Enumerable.Repeat((ushort)900, 300)))
            {
                now += TimeSpan.FromMilliseconds(milliseconds);
                if (SignInThrottleRules.View(state, now).RefusedUntil is not null)
                    continue;
                state = SignInThrottleRules.Wrong(state, now, Bounds);
                looked++;
            }
            return looked <= Bounds.MostCounted + 1 + (now - Start) / Bounds.ForgetOneEvery;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Who_never_waits_for_the_end_waits_twice_as_long_each_time_up_to_the_cap()
    {
        var (state, now, waits) = (new ThrottleState(), Start, new List<TimeSpan>());
        for (var tried = 0; tried < Bounds.MostCounted + 5; tried++)
        {
            state = SignInThrottleRules.Wrong(state, now, Bounds);
            if (SignInThrottleRules.View(state, now).RefusedUntil is not { } until)
                continue;
            waits.Add(until - now);
            state = state with { Since = until }; // Nothing fades meanwhile.
            now = until;
        }
        Assert.Equal(Bounds.FirstWait, waits[0]);
        Assert.All(waits.Zip(waits.Skip(1)), pair => Assert.Equal(pair.First * 2 < Bounds.LongestWait ? pair.First * 2 : Bounds.LongestWait, pair.Second));
        Assert.Equal(Bounds.LongestWait, waits[^1]);
    }

    [Fact]
    public void A_count_fades_to_nothing_and_says_when() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte[]>(), pauses =>
        {
            var (state, now) = (new ThrottleState(), Start);
            foreach (var seconds in pauses)
                state = SignInThrottleRules.Wrong(state, now += TimeSpan.FromSeconds(seconds), Bounds);
            var clean = SignInThrottleRules.CleanAt(state, Bounds);
            return SignInThrottleRules.Faded(state, clean, Bounds).Counted == 0 && SignInThrottleRules.View(state, clean).RefusedUntil is null
                && clean - now <= Bounds.LongestWait + Bounds.MostCounted * Bounds.ForgetOneEvery;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_clock_that_goes_back_forgives_nothing()
    {
        var state = new ThrottleState();
        for (var tried = 0; tried < Bounds.Free; tried++)
            state = SignInThrottleRules.Wrong(state, Start, Bounds);
        Assert.Equal(state.Counted, SignInThrottleRules.Faded(state, Start - TimeSpan.FromDays(1), Bounds).Counted);
    }

    [Fact]
    public void Where_a_count_may_be_lost_one_wrong_try_begins_the_waiting_and_none_is_refused_before_it()
    {
        var unknown = SignInThrottleRules.Unknown(Start, Bounds);
        Assert.Null(SignInThrottleRules.View(unknown, Start).RefusedUntil);
        Assert.Equal(Start + Bounds.FirstWait, SignInThrottleRules.View(SignInThrottleRules.Wrong(unknown, Start, Bounds), Start).RefusedUntil);
    }

    [Theory]
    [InlineData("192.0.2.7", "::ffff:192.0.2.7", true)]
    [InlineData("2001:db8::1", "2001:db8::ffff", true)]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", false)]
    [InlineData("192.0.2.7", "192.0.2.8", false)]
    public void Addresses_of_one_site_count_together(string one, string other, bool together) =>
        Assert.Equal(together, ThrottleKey.Of(System.Net.IPAddress.Parse(one)) == ThrottleKey.Of(System.Net.IPAddress.Parse(other)));
}
