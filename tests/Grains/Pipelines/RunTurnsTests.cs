using Microsoft.Extensions.Options;
using Orleans.Runtime;
using Sophia.Queues;
using Sophia.Tenants;

namespace Sophia.Pipelines;

// Goal: a run that is due waits in the queue although the queue's silo died amid the asking. Method: an intake that fails as often as it is told.
public sealed class RunTurnsTests
{
    private static readonly TenantKey Pipeline = TenantKey.Parse("acme/crm");

    [Fact]
    public async Task A_turn_is_asked_for_again_where_the_queues_silo_died()
    {
        var intake = new Failing(1, new SiloUnavailableException("It died."));
        Assert.Equal(7, (await Wait(intake)).Item);
        Assert.Equal(2, intake.Asked);
    }

    [Fact]
    public async Task Whoever_asks_is_told_what_stays()
    {
        var died = new Failing(2, new SiloUnavailableException("It died."));
        await Assert.ThrowsAsync<SiloUnavailableException>(() => Wait(died));
        var late = new Failing(1, new TimeoutException());
        await Assert.ThrowsAsync<TimeoutException>(() => Wait(late));
        Assert.Equal((2, 1), (died.Asked, late.Asked));
    }

    private static Task<KeptRun> Wait(Failing intake) =>
        new RunTurns(intake, null!, Options.Create(new QueueOptions()), TimeProvider.System).Wait(Pipeline, new KeptRun("crm-1", "", 1, false), "asked", default);

    private sealed class Failing(int times, Exception failure) : IWorkIntake
    {
        public int Asked { get; private set; }

        public Task<long> Take(TenantId tenant, NewWork work, CancellationToken cancellation) => ++Asked <= times ? Task.FromException<long>(failure) : Task.FromResult(7L);
    }
}
