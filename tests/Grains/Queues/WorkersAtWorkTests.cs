using Sophia.Knowledge;
using Sophia.Tenants;

namespace Sophia.Queues;

public sealed class WorkersAtWorkTests
{
    private static readonly TenantId Acme = TenantId.Parse("acme");

    private readonly ManualTime time = new();

    [Fact]
    public void A_grant_that_was_never_heard_is_settled_also_where_its_worker_goes_on_asking()
    {
        var workers = new WorkersAtWork(time);
        var (lost, told, young) = (new WorkGrant(1, Acme, 2, 2), new WorkGrant(2, Acme, 1, 1), new WorkGrant(3, Acme, 1, 1));
        workers.Seen(Report());
        workers.Granted("one", [lost, told]);
        Pass(30);
        workers.Seen(Report(new GrantOutcome(told, 1, 1, 0, 1, 1)));
        workers.Granted("one", [young]);
        Pass(30);
        workers.Seen(Report());
        Assert.Empty(workers.Bury());
        Pass(1);
        workers.Seen(Report());
        Assert.Equal([lost], workers.Bury());
        Assert.Empty(workers.Bury());
        Pass(61);
        Assert.Equal([young], workers.Bury());
        Assert.Equal(0, workers.Count);
    }

    private void Pass(int seconds) => time.Advance(TimeSpan.FromSeconds(seconds));

    private static WorkerReport Report(params GrantOutcome[] outcomes) => new("one", 1, outcomes, [], TimeSpan.Zero);
}
