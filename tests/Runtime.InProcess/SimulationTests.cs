using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;
using Orleans.InProcess;
using Orleans.Runtime;

namespace Sophia.Runtime.InProcess;

public interface IRacerGrain : IGrainWithIntegerKey
{
    Task Run(int rounds);

    Task<TimeSpan> Sleep(TimeSpan time);

    Task<string> Ring(long[] rest);

    Task Leave();
}

public interface IFinishGrain : IGrainWithIntegerKey
{
    Task Arrive(long racer);

    Task<string> Order();
}

public sealed class RacerGrain(TimeProvider time) : Grain, IRacerGrain
{
    public async Task Run(int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            await Task.Yield();
            await GrainFactory.GetGrain<IFinishGrain>(0).Arrive(this.GetPrimaryKeyLong());
        }
    }

    public async Task<TimeSpan> Sleep(TimeSpan duration)
    {
        var start = time.GetTimestamp();
        await Task.Delay(duration, time);
        return time.GetElapsedTime(start);
    }

    public Task<string> Ring(long[] rest) => rest.Length == 0
        ? Task.FromResult("round")
        : GrainFactory.GetGrain<IRacerGrain>(rest[0]).Ring(rest[1..]);

    public Task Leave()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}

public sealed class FinishGrain : Grain, IFinishGrain
{
    private readonly List<long> _order = [];

    public Task Arrive(long racer)
    {
        _order.Add(racer);
        return Task.CompletedTask;
    }

    public Task<string> Order() => Task.FromResult(string.Join(' ', _order));
}

/// <summary>The seam: one seed is one interleaving, and time is whatever the world says.</summary>
public sealed class SimulationTests
{
    private static T InWorld<T>(int seed, Func<IGrainFactory, Task<T>> story)
    {
        var world = new SeededWorld(seed);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IRuntimeWorld>(world);
        builder.Services.AddSingleton<TimeProvider>(world);
        builder.Services.AddSingleton(new GrainAssembly(typeof(SimulationTests).Assembly));
        builder.UseOrleans(silo => silo.UseLocalhostClustering());
        using var host = builder.Build();
        return world.Run(async () =>
        {
            foreach (var service in host.Services.GetServices<IHostedService>())
                await service.StartAsync(default);
            return await story(host.Services.GetRequiredService<IGrainFactory>());
        });
    }

    private static string Race(int seed) => InWorld(seed, async grains =>
    {
        await Task.WhenAll(Enumerable.Range(1, 5).Select(racer => grains.GetGrain<IRacerGrain>(racer).Run(6)));
        return await grains.GetGrain<IFinishGrain>(0).Order();
    });

    [Fact]
    public void The_same_seed_gives_the_same_interleaving_and_other_seeds_give_others()
    {
        for (var seed = 1; seed <= 5; seed++)
            Assert.Equal(Race(seed), Race(seed));
        Assert.True(Enumerable.Range(1, 20).Select(Race).Distinct().Count() > 15);
    }

    [Fact]
    public void Virtual_time_passes_while_a_grain_sleeps() => Assert.Equal(TimeSpan.FromSeconds(20),
        InWorld(7, grains => grains.GetGrain<IRacerGrain>(1).Sleep(TimeSpan.FromSeconds(20))));

    [Fact]
    public void A_call_follows_its_grain_over_two_ends_and_is_rejected_at_the_third()
    {
        var rejected = InWorld(5, async grains =>
        {
            var calls = Enumerable.Range(0, 100).Select(_ => grains.GetGrain<IRacerGrain>(1).Leave()).ToArray();
            await Task.WhenAny(Task.WhenAll(calls));
            return calls.Where(call => call.IsFaulted).Select(call => call.Exception!.InnerException!).ToList();
        });
        Assert.InRange(rejected.Count, 1, 97);
        Assert.All(rejected, why => Assert.Contains("handed on 2 times", Assert.IsType<OrleansMessageRejectionException>(why).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_call_cycle_times_out_in_virtual_time_and_the_text_names_the_cycle()
    {
        var timeout = Assert.Throws<TimeoutException>(() => InWorld(3, grains => grains.GetGrain<IRacerGrain>(1).Ring([2, 3, 1])));
        Assert.Contains("racer/1 -> racer/2 -> racer/3 -> racer/1", timeout.Message, StringComparison.Ordinal);
    }
}
