using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Sophia.Resilience;

namespace Sophia;

// Goal: what a silo was asked for when it was lost may have been done, so it is not asked for again. Method: two silos; one is killed within a call.
public sealed class RepeatedCallsSilosTests
{
    [Fact]
    public async Task What_a_lost_silo_may_have_done_is_not_asked_for_again()
    {
        var journal = new RelayJournal();
        await using var silos = new ManySilos();
        for (var number = 0; number < 2; number++)
            await silos.Add($"silo{number}", silo => silo.Services.AddSingleton(journal).AddKeyedSingleton(RelayGrain.Clock, TimeProvider.System));
        var grain = silos.Grains(0).GetGrain<IRelayGrain>("0");
        for (var key = 1; silos.HomeOf(grain) != 1; key++)
        {
            grain = silos.Grains(0).GetGrain<IRelayGrain>($"{key}");
            await grain.Do("d", 0);
        }
        journal.Clear();

        var call = grain.Stay();
        await Eventually.Comes(() => journal.Lines.Count > 0, "the call");
        await silos.Kill(1);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => call);
        Assert.Equal(["stays"], journal.Lines);
        journal.Go.SetResult();
    }
}
