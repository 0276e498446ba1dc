namespace Sophia.Resilience;

// Goal: repetitions never exceed their share of the calls, in any interval. Method: random traffic of many shapes against the plain list of what happened.
public sealed class RetryBudgetTests
{
    [Fact]
    public void Whenever_a_repetition_is_granted_those_of_its_window_are_at_most_the_floor_and_the_share_of_the_calls_of_that_window()
    {
        var granted = 0;
        for (var seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var (share, floor, window, time) = (random.Next(0, 11) / 10.0, random.Next(0, 6), TimeSpan.FromSeconds(random.Next(1, 30)), new MovedTime());
            var budget = new RetryBudget(share, floor, window, time);
            List<long> calls = [], repeats = [];
            for (var step = 0; step < 400; step++)
            {
                time.Now += random.Next(8) switch { 0 => (long)(window.Ticks * random.NextDouble()), < 4 => random.NextInt64(window.Ticks / 50), _ => 0 };
                if (random.Next(3) > 0)
                {
                    budget.Called();
                    calls.Add(time.Now);
                }
                else if (budget.TryTake())
                {
                    granted++;
                    repeats.Add(time.Now);
                    var since = time.Now - window.Ticks;
                    Assert.True(repeats.Count(at => at > since) <= floor + share * calls.Count(at => at > since) + 1e-6, $"seed {seed}, step {step}");
                }
            }
        }
        Assert.True(granted > 1_000, $"{granted} were granted: the test shows nothing");
    }

    [Fact]
    public void What_is_promised_is_given()
    {
        var time = new MovedTime();
        var budget = new RetryBudget(0.1, 3, TimeSpan.FromSeconds(10), time);
        Assert.Equal(3, Taken(budget));
        for (var i = 0; i < 100; i++)
            budget.Called();
        Assert.Equal(10, Taken(budget));
        Assert.Equal(0, budget.Left);
        time.Now += TimeSpan.FromSeconds(11.1).Ticks;
        Assert.Equal(3, budget.Left);
        Assert.Equal(3, Taken(budget));
    }

    [Fact]
    public void A_storm_on_a_failing_dependency_is_multiplied_by_no_more_than_the_share()
    {
        var time = new MovedTime();
        var budget = new RetryBudget(0.1, 3, TimeSpan.FromSeconds(10), time);
        var (calls, repeats) = (0, 0);
        for (var second = 0; second < 600; second++, time.Now += TimeSpan.TicksPerSecond)
            for (var call = 0; call < 100; call++)
            {
                calls++;
                budget.Called();
                for (var attempt = 0; attempt < 2 && budget.TryTake(); attempt++)
                    repeats++;
            }
        Assert.InRange(repeats, (int)(calls * 0.08), (int)(calls * 0.1) + 3 * 61);
    }

    private static int Taken(RetryBudget budget)
    {
        var taken = 0;
        while (budget.TryTake())
            taken++;
        return taken;
    }

    private sealed class MovedTime : TimeProvider
    {
        public long Now { get; set; } = TimeSpan.FromHours(1).Ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now;
    }
}
