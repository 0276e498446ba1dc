namespace Sophia.Resilience;

// Goal: who opens a breaker, for itself and for all. Method: every table of up to four processes out of five kinds, against the rule in words; and the bounds one by one.
public sealed class BreakerJudgeTests
{
    private static readonly BreakerOptions Options = new() { ConsecutiveFailures = 5, FailureRatio = 0.5, SlowRatio = 0.9, MinimumCalls = 20 };

    // Not calling; well; busy and well; failing with few calls; failing with many.
    private static readonly CallCounts[] Kinds = [default, new(3, 0, 0, 0), new(1_000, 10, 0, 0), new(4, 4, 0, 4), new(30, 20, 0, 3)];

    [Fact]
    public void It_opens_for_all_exactly_where_a_majority_of_those_that_call_sees_it_failing_and_their_calls_are_enough()
    {
        var opened = 0;
        foreach (var processes in Tables(4))
        {
            var callers = processes.Count(kind => kind > 0);
            var against = processes.Where(kind => kind >= 3).Select(kind => Kinds[kind].Calls).ToList();
            var expected = against.Count * 2 > callers && against.Sum() >= 20;
            var because = BreakerJudge.Together([.. processes.Select((kind, n) => new BreakerEvidence($"{n}", Kinds[kind], false))], Options);
            Assert.True(expected == (because is not null), $"{string.Join(' ', processes)}: {because}");
            opened += expected ? 1 : 0;
        }
        Assert.InRange(opened, 20, 700);
    }

    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(2, 1, false)]
    [InlineData(2, 2, true)]
    [InlineData(3, 2, true)]
    [InlineData(4, 2, false)]
    [InlineData(4, 3, true)]
    public void A_quorum_is_more_than_half_of_those_that_call(int callers, int failing, bool opens) =>
        Assert.Equal(opens, BreakerJudge.Together([.. Enumerable.Range(0, callers).Select(n => new BreakerEvidence($"{n}", Kinds[n < failing ? 4 : 2], false))], Options) is not null);

    [Fact]
    public void Four_processes_with_few_calls_see_together_what_none_of_them_may_conclude()
    {
        var few = new CallCounts(5, 4, 0, 1);
        Assert.Null(BreakerJudge.Alone(few, Options));
        Assert.Equal("16 of 20 calls failed; 4 of 4 processes that call it see that", BreakerJudge.Together([.. Enumerable.Range(0, 4).Select(n => new BreakerEvidence($"{n}", few, false))], Options));
    }

    [Theory]
    [InlineData(20, 10, 0, 0, "10 of 20 calls failed")]
    [InlineData(20, 9, 0, 0, null)]
    [InlineData(19, 19, 0, 0, null)]
    [InlineData(5, 5, 0, 5, "5 failures in a row")]
    [InlineData(20, 0, 18, 0, "18 of 20 calls were slow")]
    [InlineData(20, 0, 17, 0, null)]
    [InlineData(0, 0, 0, 0, null)]
    public void A_process_opens_for_itself_at_each_of_the_three_bounds(int calls, int failures, int slow, int inARow, string? because) =>
        Assert.Equal(because, BreakerJudge.Alone(new CallCounts(calls, failures, slow, inARow), Options));

    [Fact]
    public void During_the_ramp_fewer_calls_are_enough() =>
        Assert.NotNull(BreakerJudge.Alone(new CallCounts(2, 2, 0, 2), Options, share: 10));

    [Fact]
    public void While_the_truth_is_away_half_as_much_opens_it() =>
        Assert.NotNull(BreakerJudge.Alone(new CallCounts(10, 3, 0, 0), Options.Tightened));

    private static IEnumerable<int[]> Tables(int processes)
    {
        for (var number = 0; number < Math.Pow(Kinds.Length, processes); number++)
            yield return [.. Enumerable.Range(0, processes).Select(place => number / (int)Math.Pow(Kinds.Length, place) % Kinds.Length)];
    }
}
