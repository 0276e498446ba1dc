using Orleans;
using Orleans.InProcess;
using Orleans.Placement;
using Orleans.Runtime;

namespace Sophia.Runtime.InProcess;

public interface IResidentGrain : IGrainWithIntegerKey
{
    Task<string> Where();

    /// <summary>Waits in virtual time and says how many calls this activation has had.</summary>
    Task<int> Count(TimeSpan after);

    Task<int> CountOther(long other, TimeSpan after);

    Task<string> Ring(long[] rest);

    Task WakeMe();

    Task<string> WokenOn();
}

[HashBasedPlacement]
public sealed class ResidentGrain(ILocalSiloDetails silo, TimeProvider time) : Grain, IResidentGrain, IRemindable
{
    private int _count;
    private string _woken = "";

    public Task<string> Where() => Task.FromResult(silo.SiloAddress.ToString());

    public async Task<int> Count(TimeSpan after)
    {
        var count = ++_count;
        await Task.Delay(after, time);
        return count;
    }

    public Task<int> CountOther(long other, TimeSpan after) => GrainFactory.GetGrain<IResidentGrain>(other).Count(after);

    public Task<string> Ring(long[] rest) => rest.Length == 0 ? Where() : GrainFactory.GetGrain<IResidentGrain>(rest[0]).Ring(rest[1..]);

    public Task WakeMe() => this.RegisterOrUpdateReminder("wake", TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));

    public Task<string> WokenOn() => Task.FromResult(_woken);

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        _woken += $"{silo.SiloAddress} ";
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        GrainFactory.GetGrain<IFinishGrain>(1).Arrive(this.GetPrimaryKeyLong());
        return Task.CompletedTask;
    }
}

/// <summary>Several silos in one world: what a simulator can do to them.</summary>
public sealed class SiloTests
{
    private static readonly TimeSpan Now = TimeSpan.Zero;

    [Fact]
    public void One_seed_is_one_interleaving_of_several_silos_and_the_loss_of_one()
    {
        static string Story(int seed) => SimulatedCluster.Run(seed, 3, async world =>
        {
            var calls = Enumerable.Range(0, 30).Select(n => Outcome(() => Resident(world, n % 10).Count(TimeSpan.FromSeconds(n % 3)))).ToList();
            await calls[0];
            world.Cluster.Kill(world[1]);
            calls.AddRange(Enumerable.Range(0, 10).Select(n => Outcome(() => Resident(world, n).Count(Now))));
            return string.Join(' ', await Task.WhenAll(calls));
        });
        for (var seed = 1; seed <= 3; seed++)
            Assert.Equal(Story(seed), Story(seed));
        Assert.True(Enumerable.Range(1, 10).Select(Story).Distinct().Count() > 5);
    }

    [Fact]
    public void A_killed_silo_s_activations_vanish_without_a_word_and_their_grains_start_anew_elsewhere() => SimulatedCluster.Run(1, 2, async world =>
    {
        var grain = await On(world, 0);
        await grain.Count(Now);
        var held = grain.Count(TimeSpan.FromSeconds(5));
        world.Cluster.Kill(world[0]);
        Assert.Equal(world[1].ToString(), await grain.Where());
        Assert.Equal(1, await grain.Count(Now));
        await Assert.ThrowsAsync<TimeoutException>(() => held);
        Assert.Equal("", await world.Client.GetGrain<IFinishGrain>(1).Order());
        return 0;
    });

    [Fact]
    public void Until_a_crashed_silo_is_declared_dead_calls_to_it_are_lost_and_then_who_waits_learns_it_at_once() => SimulatedCluster.Run(2, 2, async world =>
    {
        var lost = await On(world, 0);
        var caller = await On(world, 1);
        world.Cluster.Crash(world[0]);
        await Assert.ThrowsAsync<TimeoutException>(() => caller.CountOther(lost.GetPrimaryKeyLong(), Now));
        var waiting = caller.CountOther(lost.GetPrimaryKeyLong(), Now);
        await world.Pass(TimeSpan.FromSeconds(1));
        world.Cluster.DeclareDead(world[0]);
        var before = world.World.GetTimestamp();
        await Assert.ThrowsAsync<SiloUnavailableException>(() => waiting);
        Assert.Equal(before, world.World.GetTimestamp());
        Assert.Equal(1, await caller.CountOther(lost.GetPrimaryKeyLong(), Now));
        return 0;
    });

    [Fact]
    public void A_silo_that_is_wrongly_declared_dead_goes_on_beside_the_successors_of_its_grains() => SimulatedCluster.Run(3, 2, async world =>
    {
        var grain = await On(world, 0);
        var older = grain.Count(TimeSpan.FromSeconds(10));
        await world.Pass(TimeSpan.FromSeconds(1));
        world.Cluster.DeclareDead(world[0]);
        Assert.Equal(1, await grain.Count(Now));
        Assert.Equal(world[1].ToString(), await grain.Where());
        Assert.Equal(1, await older);
        return 0;
    });

    [Fact]
    public void A_grain_that_the_directory_forgets_can_have_two_activations() => SimulatedCluster.Run(4, 1, async world =>
    {
        var neighbour = Resident(world, 1000);
        await neighbour.Count(Now);
        for (var key = 0; key < 10; key++)
            await Resident(world, key).Count(Now);
        await world.Add();
        foreach (var grain in Enumerable.Range(0, 10).Select(key => Resident(world, key)))
        {
            world.Cluster.Forget(grain.GetGrainId());
            if (await grain.Count(Now) == 1)
                Assert.Equal(2, await neighbour.CountOther(grain.GetPrimaryKeyLong(), Now));
        }
        Assert.Equal(world[1], world.Cluster.Find((await On(world, 1)).GetGrainId()));
        return 0;
    });

    [Fact]
    public void Messages_say_between_which_silos_they_go_so_that_a_world_can_part_them() => SimulatedCluster.Run(5, 2, async world =>
    {
        var caller = await On(world, 0);
        var other = (await On(world, 1)).GetPrimaryKeyLong();
        world.World.IsLost = (message, _) => Equals(message.From, world[0]) && Equals(message.To, world[1]);
        await Assert.ThrowsAsync<TimeoutException>(() => caller.CountOther(other, Now));
        world.World.IsLost = null;
        Assert.Equal(1, await caller.CountOther(other, Now));
        return 0;
    });

    [Fact]
    public void What_waits_at_a_stopping_silo_is_answered_elsewhere() => SimulatedCluster.Run(6, 2, async world =>
    {
        var grain = await On(world, 0);
        var running = grain.Count(TimeSpan.FromSeconds(5));
        await world.Pass(TimeSpan.FromSeconds(1));
        var waiting = Enumerable.Range(0, 5).Select(_ => grain.Count(Now)).ToList();
        await world.Pass(TimeSpan.FromSeconds(1));
        var stop = world.Stop(0);
        Assert.Equal(1, await running);
        Assert.Equal([1, 2, 3, 4, 5], (await Task.WhenAll(waiting)).Order());
        await stop;
        Assert.Equal(world[1].ToString(), await grain.Where());
        Assert.Equal($"{grain.GetPrimaryKeyLong()}", await world.Client.GetGrain<IFinishGrain>(1).Order());
        return 0;
    });

    [Fact]
    public void A_reminder_ticks_on_one_silo_only_and_goes_on_when_that_is_lost() => SimulatedCluster.Run(7, 2, async world =>
    {
        var grain = await On(world, 0);
        await grain.WakeMe();
        await world.Pass(TimeSpan.FromSeconds(150));
        Assert.Equal($"{world[0]} {world[0]} ", await grain.WokenOn());
        world.Cluster.Kill(world[0]);
        await world.Pass(TimeSpan.FromSeconds(120));
        Assert.Equal($"{world[1]} {world[1]} ", await grain.WokenOn());
        return 0;
    });

    [Fact]
    public void A_call_cycle_through_several_silos_is_named_by_the_first_that_times_out()
    {
        // Which of its calls that is, and whether the client hears of it before its own timeout, the seed decides.
        Assert.Contains(Enumerable.Range(1, 10), seed => SimulatedCluster.Run(seed, 2, async world =>
        {
            var (one, two) = ((await On(world, 0)).GetPrimaryKeyLong(), (await On(world, 1)).GetPrimaryKeyLong());
            var timeout = await Assert.ThrowsAsync<TimeoutException>(() => Resident(world, one).Ring([two, one]));
            return timeout.Message.Contains("A call cycle: ", StringComparison.Ordinal);
        }));
    }

    [Fact]
    public void With_a_silo_its_part_of_the_directory_is_lost_and_the_grains_in_it_end_where_they_live() => SimulatedCluster.Run(9, 2, async world =>
    {
        List<IResidentGrain> grains = [];
        for (var key = 0; grains.Count < 6; key++)
        {
            if (await Resident(world, key).Where() == world[0].ToString())
                grains.Add(Resident(world, key));
        }
        await world.Add();
        world.Cluster.Kill(world[1]);
        await world.Pass(TimeSpan.FromSeconds(1));
        var ended = (await world.Client.GetGrain<IFinishGrain>(1).Order()).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.InRange(ended.Length, 1, 6);
        foreach (var grain in grains)
            Assert.Equal(1, await grain.Count(Now));
        return 0;
    });

    private static IResidentGrain Resident(SimulatedCluster world, long key) => world.Client.GetGrain<IResidentGrain>(key);

    private static async Task<IResidentGrain> On(SimulatedCluster world, int silo)
    {
        for (var key = 0; ; key++)
        {
            if (await Resident(world, key).Where() == world[silo].ToString())
                return Resident(world, key);
        }
    }

    private static async Task<string> Outcome(Func<Task<int>> call)
    {
        try
        {
            return $"{await call()}";
        }
        catch (Exception failure)
        {
            return failure.GetType().Name;
        }
    }
}
