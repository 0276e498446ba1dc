using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using Orleans.InProcess;
using Sophia.Chat;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Bench;

/// <summary>What four silos let through together, beside what may pass: each decides by its share, with the exchanges that are shipped.</summary>
internal static class FourSilos
{
    private const int Silos = 4, Rate = 4_000;
    private static readonly TenantId Tenant = TenantId.Parse("acme");

    public static async Task Run(TimeSpan time, Action<string, double> print)
    {
        var policies = new (string Name, double Most, LimitPolicy Policy)[]
        {
            ("token bucket", Rate, new() { Limit = Rate, Burst = Rate / 2 }),
            ("fixed window", Rate, new() { Algorithm = LimitAlgorithm.FixedWindow, Limit = Rate }),
            ("sliding window", Rate, new() { Algorithm = LimitAlgorithm.SlidingWindow, Limit = Rate }),
        };
        foreach (var (name, most, policy) in policies)
            foreach (var (called, demand) in ((string, double[])[])[("even", [0.5, 0.5, 0.5, 0.5]), ("skewed", [2, 0.1, 0.1, 0.1])])
                print($"four silos, {name}, {called}", await Admitted(policy with { Name = "bench", Resource = "bench" }, [.. demand.Select(part => part * most)], time) / (most * time.TotalSeconds));
    }

    /// <summary>Nanoseconds of one decision of a divided limit, asked as grains and the edge do: the limit alone, and all that are set for a resource.</summary>
    public static async Task Cost(Action<string, double> print)
    {
        const int Decisions = 1_000_000, Turns = 9;
        var policy = new LimitPolicy { Name = "bench", Resource = "bench", Limit = 1e9, Burst = 1e9 };
        var hosts = await Started(policy, 1);
        var limits = hosts[0].Services.GetRequiredService<ILimits>();
        var limit = limits.For(Tenant, policy.Name)!;
        while ((await limit.Ask()).Remaining < 5e8)
            await Task.Yield();
        var asking = new LimitAsking(Tenant, "bench");
        var (one, all) = (new List<double>(), new List<double>());
        for (var turn = 0; turn <= Turns; turn++)
        {
            one.Add(await One(limit, Decisions));
            all.Add(await All(limits, asking, Decisions));
        }
        // The first turn is the compiler's.
        print("one divided bucket", one.Skip(1).Order().ElementAt(Turns / 2));
        print("all limits of a resource, divided", all.Skip(1).Order().ElementAt(Turns / 2));
        await hosts[0].StopAsync();
    }

    private static async Task<double> One(ILimit limit, int decisions)
    {
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < decisions; i++)
            await limit.Ask();
        return clock.Elapsed.TotalNanoseconds / decisions;
    }

    private static async Task<double> All(ILimits limits, LimitAsking asking, int decisions)
    {
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < decisions; i++)
            await limits.TryTake(asking);
        return clock.Elapsed.TotalNanoseconds / decisions;
    }

    // From when the shares are about: before, the burst of a bucket would be counted with the flow.
    private static async Task<double> Admitted(LimitPolicy policy, double[] demand, TimeSpan time)
    {
        var hosts = await Started(policy, Silos);
        var limits = hosts.Select(host => host.Services.GetRequiredService<ILimits>().For(Tenant, policy.Name)!).ToList();
        await Asked(limits, demand, TimeSpan.FromSeconds(12));
        var admitted = await Asked(limits, demand, time);
        foreach (var host in hosts)
            await host.StopAsync();
        return admitted;
    }

    private static async Task<List<IHost>> Started(LimitPolicy policy, int silos)
    {
        var cluster = new InProcessCluster();
        var hosts = new List<IHost>();
        for (var silo = 0; silo < silos; silo++)
        {
            var builder = Host.CreateEmptyApplicationBuilder(null);
            builder.UseOrleans(one => one.UseInProcessCluster(cluster).AddIncomingGrainCallFilter<TenantCallFilter>().AddMemoryGrainStorage(Stores.Durable).AddMemoryGrainStorage(Stores.Fast));
            builder.Services.AddLogging().AddSophiaPlacement().AddSingleton<ILogStore>(new MemoryLog());
            builder.Services.AddLimits(limits => limits.Policies.Add(policy));
            hosts.Add(builder.Build());
            await hosts[^1].StartAsync();
        }
        return hosts;
    }

    private static async Task<long> Asked(List<ILimit> limits, double[] demand, TimeSpan time)
    {
        var (clock, asked, admitted) = (Stopwatch.StartNew(), new long[Silos], 0L);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (clock.Elapsed < time)
        {
            for (var silo = 0; silo < Silos; silo++)
                for (var due = (long)(demand[silo] * clock.Elapsed.TotalSeconds); asked[silo] < due; asked[silo]++)
                    admitted += (await limits[silo].Ask()).IsAdmitted ? 1 : 0;
            await pause.WaitForNextTickAsync();
        }
        return admitted;
    }
}
