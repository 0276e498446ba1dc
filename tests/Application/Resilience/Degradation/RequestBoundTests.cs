using Sophia.Security;

namespace Sophia.Resilience;

// Goal: of reads no more than the bound pass within any second, wherever it begins, and whoever waits as told is taken. Method: every pattern of a seeded load on a stepped clock against a plain list of moments.
public sealed class RequestBoundTests
{
    [Theory]
    [InlineData(1, 17)]
    [InlineData(3, 23)]
    [InlineData(10, 7)]
    public void Within_any_second_no_more_pass_than_the_bound_and_who_waits_as_told_is_taken(int most, int step)
    {
        var (time, chance, taken, refused) = (new SteppedTime(), new Random(step), new List<TimeSpan>(), 0);
        var bound = new RequestBound(time);
        for (var now = TimeSpan.Zero; now < TimeSpan.FromSeconds(30);)
        {
            for (var asked = chance.Next(2 * most); asked >= 0; asked--)
                if (bound.TryTake(most) is not { } wait)
                    taken.Add(now);
                else
                {
                    refused++;
                    Assert.InRange(wait, TimeSpan.FromTicks(1), TimeSpan.FromSeconds(1.1));
                    if (asked > 0)
                        continue;
                    time.Advance(wait);
                    now += wait;
                    Assert.Null(bound.TryTake(most));
                    taken.Add(now);
                }
            var by = TimeSpan.FromMilliseconds(chance.Next(1, step * 20));
            time.Advance(by);
            now += by;
        }
        Assert.True(refused > 0 && taken.Count > most);
        for (var first = 0; first + most < taken.Count; first++)
            Assert.True(taken[first + most] - taken[first] >= TimeSpan.FromSeconds(1), $"{most + 1} between {taken[first]} and {taken[first + most]}");
    }
}
