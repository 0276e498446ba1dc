using Sophia.Queues;

namespace Sophia.Resilience;

// Goal: each look at queues tells what came since the last one, and nothing is kept of queues and tenants that are no more. Method: looks by hand, and many tenants that come and go.
public sealed class QueueCountsTests
{
    [Fact]
    public void Each_look_tells_what_came_since_the_last_one()
    {
        var counts = new QueueCounts();
        Assert.Equal((1L, 0L), Since(counts, "acme", Queue("mail", done: 50, dead: 9)));
        Assert.Equal((2L, 3L), Since(counts, "acme", Queue("mail", done: 52, dead: 12)));
        Assert.Equal((0L, 0L), Since(counts, "acme", Queue("mail", done: 52, dead: 12)));
        Assert.Equal((1L, 0L), Since(counts, "globex", Queue("mail", done: 7, dead: 7)));
    }

    [Fact]
    public void What_is_there_no_more_is_forgotten()
    {
        var counts = new QueueCounts();
        for (var round = 0; round < 100; round++)
        {
            string[] tenants = [$"t-{round}", $"t-{round + 1}"];
            foreach (var tenant in tenants)
                counts.Since(tenant, [Queue($"q-{round}"), Queue("mail")]);
            counts.Keep(tenants);
            Assert.Equal(4, counts.Count);
        }
        // One that is made anew is a new one.
        Assert.Equal((1L, 0L), Since(counts, "t-0", Queue("mail", done: 3, dead: 5)));
    }

    private static (long, long) Since(QueueCounts counts, string tenant, QueueView queue) => counts.Since(tenant, [queue])[0] is var (_, done, givenUp) ? (done, givenUp) : default;

    private static QueueView Queue(string name, long done = 0, long dead = 0) => new(name, done + dead, 0, 0, done, dead, 0, null, null, null, null, 1);
}
