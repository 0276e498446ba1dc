using Orleans.Runtime.Messaging;

namespace Sophia.Runtime.Contract;

/// <summary>What becomes of grains and calls when a silo stops or is lost.</summary>
public sealed class SiloLossTests
{
    [Fact]
    public async Task The_grains_of_a_killed_silo_answer_on_another_when_they_are_called_next()
    {
        await using var cluster = await SiloCluster.Start("a", "b");
        var (lost, grain) = await Choose(cluster);
        await cluster.Kill(lost);
        await SiloCluster.Eventually(async () => await grain.Where() != lost);
        await cluster.Settle(1);
        Assert.Equal(SiloStatus.Dead, (await cluster.Grains.GetGrain<IManagementGrain>(0).GetHosts()).GetValueOrDefault(lost, SiloStatus.Dead));
    }

    [Fact]
    public async Task A_grain_that_waits_for_a_killed_silo_learns_that_it_is_unavailable()
    {
        await using var cluster = await SiloCluster.Start("a", "b");
        var (lost, _) = await Choose(cluster);
        // The client's own answer may be lost with its gateway, so the grain writes down what it learned.
        var call = (await Elsewhere(cluster, lost)).HoldOther("chosen", "held");
        await cluster.Journal.Until("held", lines => lines.Count > 0);
        await cluster.Kill(lost);
        Assert.Equal(nameof(SiloUnavailableException), (await cluster.Journal.Until("held/outcome", lines => lines.Count > 0))[0]);
        await Record.ExceptionAsync(() => call);
    }

    [Fact]
    public async Task A_client_that_waits_for_a_killed_silo_learns_nothing_until_its_timeout()
    {
        await using var cluster = await SiloCluster.Start("a", "b");
        var (lost, grain) = await Choose(cluster);
        var call = grain.Hold("held");
        await cluster.Journal.Until("held", lines => lines.Count > 0);
        await cluster.Kill(lost);
        await Assert.ThrowsAsync<TimeoutException>(() => call);
    }

    [Fact]
    public async Task The_grains_of_a_stopping_silo_are_told_and_answer_on_another_and_a_call_meanwhile_runs_at_most_once_and_is_answered_refused_or_timed_out()
    {
        await using var cluster = await SiloCluster.Start("a", "b");
        var (stopping, grain) = await Choose(cluster);
        var stop = cluster.Stop(stopping);
        for (var n = 0; !stop.IsCompleted; n++)
        {
            cluster.Journal.Write($"call{n}", "go");
            try
            {
                await grain.Hold($"call{n}");
                Assert.Equal(["go", "begun"], cluster.Journal.Read($"call{n}"));
            }
            catch (OrleansMessageRejectionException)
            {
                Assert.Equal(["go"], cluster.Journal.Read($"call{n}"));
            }
            catch (Exception lost) when (lost is TimeoutException or ConnectionFailedException)
            {
                // Orleans may lose what was on its way through the gateway that closes.
                Assert.InRange(cluster.Journal.Read($"call{n}").Count, 1, 2);
            }
        }
        await stop;
        Assert.Equal([$"ShuttingDown on {stopping}"], cluster.Journal.Read(grain.GetGrainId().ToString()));
        await SiloCluster.Eventually(async () => await grain.Where() != stopping);
    }

    [Fact]
    public async Task A_stopping_silo_lets_the_call_that_runs_end_and_what_waits_behind_it_runs_at_most_once_and_is_answered_refused_or_timed_out()
    {
        await using var cluster = await SiloCluster.Start("a", "b");
        var (stopping, grain) = await Choose(cluster);
        var running = grain.Hold("first");
        await cluster.Journal.Until("first", lines => lines.Count > 0);
        var waiting = grain.Hold("second");
        var stop = cluster.Stop(stopping);
        await cluster.Journal.Until($"life of {stopping}", lines => lines.Contains("active stops"));
        cluster.Journal.Write("second", "go");
        cluster.Journal.Write("first", "go");
        Assert.Equal(1, await running);
        try
        {
            // The second one, when it began before its activation was told to end.
            Assert.InRange(await waiting, 1, 2);
        }
        catch (OrleansMessageRejectionException)
        {
            Assert.Equal(["go"], cluster.Journal.Read("second"));
        }
        catch (Exception lost) when (lost is TimeoutException or ConnectionFailedException)
        {
            // Orleans may lose it with the gateway that closes, where that is quicker than its forwarding.
            Assert.InRange(cluster.Journal.Read("second").Count, 1, 2);
        }
        await stop;
        await SiloCluster.Eventually(async () => await grain.Where() != stopping);
    }

    [Fact]
    public async Task A_silo_starts_its_stages_upwards_and_stops_them_downwards_with_its_grains_gone_in_between()
    {
        await using var cluster = await SiloCluster.Start("a", "b");
        var (stopping, _) = await Choose(cluster);
        await cluster.Stop(stopping);
        Assert.Equal(["runtime starts", "application starts", "active starts", "active stops", "application stops", "runtime stops"],
            cluster.LifeOf(stopping));
    }

    private static async Task<IByHashGrain> Elsewhere(SiloCluster cluster, SiloAddress lost)
    {
        for (var n = 0; ; n++)
        {
            var grain = cluster.Grains.GetGrain<IByHashGrain>($"elsewhere{n}");
            if (await grain.Where() != lost)
                return grain;
        }
    }

    private static async Task<(SiloAddress Silo, IByHashGrain Grain)> Choose(SiloCluster cluster)
    {
        var grain = cluster.Grains.GetGrain<IByHashGrain>("chosen");
        return (await grain.Where(), grain);
    }
}
