namespace Sophia.Resilience;

// Goal: what may be repeated, hedged and waited for, and nothing else. Method: every combination of what the rules look at.
public sealed class PolicyRulesTests
{
    private static readonly TimeSpan?[] Asked = [null, TimeSpan.Zero, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(6)];

    private static readonly PolicyOptions Options = new() { Retries = 2, RetryAfter = TimeSpan.FromMilliseconds(200), LongestRetryAfter = TimeSpan.FromSeconds(5) };

    [Fact]
    public void Only_what_may_pass_and_takes_effect_once_is_repeated_as_often_as_allowed_and_within_the_time()
    {
        foreach (var attempts in Enumerable.Range(1, 4))
            foreach (var passes in (bool[])[false, true])
                foreach (var idempotent in (bool[])[false, true])
                    foreach (var didNothing in (bool[])[false, true])
                        foreach (var asked in Asked)
                            foreach (var left in (double[])[-1, 0, 0.05, 0.3, 1.05, 60])
                                foreach (var chance in (double[])[0, 0.5, 0.999])
                                {
                                    var verdict = RetryRules.After(attempts, new CallFailure(CallOutcome.Failed, passes, asked, didNothing), idempotent, Options, TimeSpan.FromSeconds(left), chance);
                                    var may = passes && (idempotent || didNothing) && attempts <= 2 && !(asked > Options.LongestRetryAfter);
                                    Assert.False(verdict.Repeats && !may);
                                    if (!verdict.Repeats)
                                    {
                                        Assert.True(!may || verdict.End == RetryEnd.Deadline);
                                        continue;
                                    }
                                    Assert.True(verdict.Pause < TimeSpan.FromSeconds(left), "it would come too late");
                                    Assert.True(verdict.Pause >= (asked ?? TimeSpan.Zero), "it comes before it was asked to");
                                    if (asked is null)
                                        Assert.InRange(verdict.Pause.TotalMilliseconds, 100 * Math.Pow(2, attempts - 1), 200 * Math.Pow(2, attempts - 1));
                                }
    }

    [Fact]
    public void Pauses_double_up_to_the_longest_and_never_past_it()
    {
        var options = Options with { Retries = 10 };
        double[] pauses = [.. Enumerable.Range(1, 10).Select(attempts => RetryRules.After(attempts, new CallFailure(CallOutcome.Failed, true), true, options, TimeSpan.FromDays(1), 0.999999).Pause.TotalMilliseconds)];
        Assert.Equal([200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000, 5_000, 5_000], pauses.Select(pause => Math.Round(pause)));
    }

    [Fact]
    public void What_is_not_idempotent_is_never_hedged_and_nothing_is_before_its_p95_is_known()
    {
        foreach (var mode in Enum.GetValues<HedgeMode>())
            foreach (var idempotent in (bool[])[false, true])
                foreach (var seen in (int[])[0, 19, 20, 200])
                    foreach (var p95 in (int[])[0, 5, 50, 5_000])
                    {
                        var options = Options with { Hedge = mode, HedgeAfter = TimeSpan.FromMilliseconds(20) };
                        var delay = HedgeRules.Delay(options, idempotent, seen, TimeSpan.FromMilliseconds(p95), TimeSpan.FromSeconds(1));
                        var may = idempotent && mode != HedgeMode.Off && (mode == HedgeMode.Delay || (seen >= 20 && p95 < 1_000));
                        Assert.Equal(may, delay is not null);
                        if (delay is { } after)
                            Assert.Equal(mode == HedgeMode.P95 ? Math.Max(20, p95) : 20, after.TotalMilliseconds);
                    }
    }

    [Fact]
    public void The_sooner_of_two_deadlines_counts_and_an_attempt_cut_short_by_its_caller_is_not_the_dependency_s_fault()
    {
        Assert.Equal(Options.Within, DeadlineRules.Total(Options, null));
        Assert.Equal(Options.Within, DeadlineRules.Total(Options, TimeSpan.FromHours(1)));
        Assert.Equal(TimeSpan.FromSeconds(3), DeadlineRules.Total(Options, TimeSpan.FromSeconds(3)));
        Assert.Equal((Options.AttemptWithin, true), DeadlineRules.Attempt(Options, TimeSpan.FromSeconds(20)));
        Assert.Equal((TimeSpan.FromSeconds(3), false), DeadlineRules.Attempt(Options, TimeSpan.FromSeconds(3)));
    }

    [Theory]
    [InlineData("model", "extractive")]
    [InlineData("embedding", "secondary")]
    [InlineData("source-gong", "none")]
    [InlineData("source-acme-2", "none")]
    [InlineData("anything", "none")]
    public void Each_dependency_has_the_options_of_its_name_its_class_or_the_default(string dependency, string fallback)
    {
        var options = new PoliciesOptions();
        Assert.Null(options.Wrong());
        Assert.Equal(fallback, options.Of(dependency).Fallback);
        Assert.Equal(dependency == "embedding" ? 1 : 2, options.Of(dependency).Retries);
    }

    /// <summary>What is shown of a source is what holds: its attempts are the run's.</summary>
    [Fact]
    public void The_rule_of_a_source_says_nothing_of_times_and_places_that_nobody_keeps()
    {
        var options = new PoliciesOptions();
        Assert.Equal("is a reading by a run, which gives up after 10 min without getting any further; after a failure its source is left alone from 1 s on, doubling up to 30 s, and is read again at most 6 times and 10 % of the calls of 60 s, and by each lane once in 60 s beside",
            PolicyViews.Rule("source-gong", options.Of("source-gong")));
        Assert.StartsWith("waits 30 s for an attempt and 90 s in all; 2 repetitions", PolicyViews.Rule("model", options.Of("model")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_fallback_that_is_not_there_is_refused()
    {
        var options = new PoliciesOptions();
        options.Dependencies["model"] = options.Of("model") with { Fallback = "secondary" };
        Assert.Equal("model: fallback must be extractive or none, not \"secondary\"", options.Wrong());
    }
}
