namespace Sophia.Resilience;

public sealed class BreakerTextTests
{
    [Fact]
    public void Every_option_can_be_said_and_a_named_dependency_begins_from_what_is_said_of_all()
    {
        var options = new BreakersOptions();
        BreakerText.Read("model: probes=1, mode=metrics, ramp=, failures=throttled/timed-out; *: consecutive=0, ratio=0.25, slow-ratio=0, slow=2s, minimum=7, window=1m, break=200ms, factor=1.5, longest-break=1h, probes=4, probe=5s, ramp=5/50, ramp-step=2s, quorum=0", options);
        var (all, model) = (options.Of("anything"), options.Of("model"));
        Assert.Equal((0, 0.25, 0d, TimeSpan.FromSeconds(2), 7, TimeSpan.FromMinutes(1)), (all.ConsecutiveFailures, all.FailureRatio, all.SlowRatio, all.SlowAfter, all.MinimumCalls, all.Window));
        Assert.Equal((TimeSpan.FromMilliseconds(200), 1.5, TimeSpan.FromHours(1), 4, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(2), 0d), (all.BreakFor, all.BreakFactor, all.LongestBreak, all.Probes, all.ProbeFor, all.RampStepFor, all.Quorum));
        Assert.Equal([5, 50], all.Ramp);
        Assert.Equal((1, true, 7), (model.Probes, model.MetricsOnly, model.MinimumCalls));
        Assert.Empty(model.Ramp);
        Assert.Equal([CallOutcome.TimedOut, CallOutcome.Throttled], model.Failures);
    }

    [Theory]
    [InlineData("model", "is not of the form dependency: option=value")]
    [InlineData("Model: probes=1", "is not of the form dependency: option=value")]
    [InlineData("model: probes", "\"probes\" is not of the form option=value")]
    [InlineData("model: probe=5", "probe is a span such as 200ms, 10s, 5m or 1h; \"5\" is not")]
    [InlineData("model: probes=0", "probes must lie between 1 and 100")]
    [InlineData("model: probes=-1", "probes is a whole number")]
    [InlineData("model: ratio=1.5", "ratio must lie between 0 and 1")]
    [InlineData("*: window=2h", "window must lie between 1 s and 1 hour")]
    [InlineData("*: ramp=50/10", "ramp must rise")]
    [InlineData("*: consecutive=0, ratio=0, slow-ratio=0", "nothing would open it")]
    [InlineData("*: failures=all", "\"all\" is none")]
    [InlineData("*: mode=off", "mode is on or metrics")]
    [InlineData("*: prob=1", "there is no option \"prob\"")]
    public void What_cannot_be_meant_is_refused_with_what_would_be(string text, string told) =>
        Assert.Contains(told, Assert.Throws<FormatException>(() => BreakerText.Read(text, new BreakersOptions())).Message);
}
