using System.Diagnostics;
using System.Threading.RateLimiting;
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
    private const int Silos = 4;
    private static readonly int[] Rates = [4_000, 200];
    private static readonly TenantId Tenant = TenantId.Parse("acme");

    public static async Task Run(TimeSpan time, Action<string, double> print)
    {
        foreach (var rate in Rates)
            foreach (var (name, policy) in ((string, LimitPolicy)[])
            [
                ("token bucket", new() { Limit = rate, Burst = rate / 2 }),
                ("fixed window", new() { Algorithm = LimitAlgorithm.FixedWindow, Limit = rate }),
                ("sliding window", new() { Algorithm = LimitAlgorithm.SlidingWindow, Limit = rate }),
            ])
                foreach (var (called, demand) in ((string, double[])[])[("even", [0.5, 0.5, 0.5, 0.5]), ("skewed", [2, 0.1, 0.1, 0.1])])
                    print($"four silos, {name}, {rate} a second, {called}", await Admitted(policy with { Name = "bench", Resource = "bench" }, [.. demand.Select(part => part * rate)], time) / (rate * time.TotalSeconds));
    }

    /// <summary>Nanoseconds of one decision of a divided limit, asked as grains and the edge do: the limit alone, and all that are set for a resource; beside a TokenBucketRateLimiter, in turns.</summary>
    public static async Task Cost(Action<string, double, double> print)
    {
        const int Decisions = 100_000, Turns = 45, Warm = 10;
        var policy = new LimitPolicy { Name = "bench", Resource = "bench", Limit = 1e9, Burst = 1e9 };
        var hosts = await Started(1, policy, policy with { Name = "tenant", Resource = "nested" }, policy with { Name = "key", Resource = "nested", Per = LimitPer.Key },
            policy with { Name = "route", Resource = "nested", Per = LimitPer.Route }, policy with { Name = "key-route", Resource = "nested", Per = LimitPer.KeyAndRoute });
        var limits = hosts[0].Services.GetRequiredService<ILimits>();
        var limit = limits.For(Tenant, policy.Name)!;
        var (asking, nested) = (new LimitAsking(Tenant, "bench"), new LimitAsking(Tenant, "nested", Key: "k7f3", Route: "GET /api/search"));
        while ((await limit.Ask()).Remaining < 5e8 || !(await limits.TryTake(nested)).Said.All(static one => one.Answer.Remaining > 5e8))
            await Task.Yield();
        using var known = new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions { TokenLimit = 1_000_000_000, TokensPerPeriod = 10_000_000, ReplenishmentPeriod = TimeSpan.FromMilliseconds(10), QueueLimit = 0, AutoReplenishment = true });
        var (one, all, four, theirs) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var turn = 0; turn < Warm + Turns; turn++)
        {
            one.Add(await One(limit, Decisions));
            theirs.Add(Theirs(known, Decisions));
            all.Add(await All(limits, asking, Decisions));
            four.Add(await All(limits, nested, Decisions));
        }
        // The first turns are the compiler's.
        var beside = Median(theirs);
        print("one divided bucket", Median(one), beside);
        print("all limits of a resource, one", Median(all), beside);
        print("all limits of a resource, four", Median(four), beside);
        await hosts[0].StopAsync();

        static double Median(List<double> turns) => turns.Skip(Warm).Order().ElementAt(Turns / 2);
    }

    private static double Theirs(TokenBucketRateLimiter limiter, int decisions)
    {
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < decisions; i++)
            using (limiter.AttemptAcquire())
            {
            }
        return clock.Elapsed.TotalNanoseconds / decisions;
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
        var hosts = await Started(Silos, policy);
        var limits = hosts.Select(host => host.Services.GetRequiredService<ILimits>().For(Tenant, policy.Name)!).ToList();
        await Asked(limits, demand, TimeSpan.FromSeconds(12));
        var admitted = await Asked(limits, demand, time);
        foreach (var host in hosts)
            await host.StopAsync();
        return admitted;
    }

    private static async Task<List<IHost>> Started(int silos, params LimitPolicy[] policies)
    {
        var cluster = new InProcessCluster();
        var hosts = new List<IHost>();
        for (var silo = 0; silo < silos; silo++)
        {
            var builder = Host.CreateEmptyApplicationBuilder(null);
            builder.UseOrleans(one => one.UseInProcessCluster(cluster).AddIncomingGrainCallFilter<TenantCallFilter>().AddMemoryGrainStorage(Stores.Durable).AddMemoryGrainStorage(Stores.Fast));
            builder.Services.AddLogging().AddSophiaPlacement().AddSingleton<ILogStore>(new MemoryLog());
            builder.Services.AddLimits(limits => limits.Policies.AddRange(policies));
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
