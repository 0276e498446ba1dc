using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;
using Orleans.InProcess;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;
using Sophia.Chat;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Runtime.InProcess;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: never more probes than N, whatever happens while a breaker is half-open. Method: three silos in a seeded world of virtual time; callers come and go, probes are long, lost and reported, silos die, messages are lost,
// the directory forgets the grain so that it has two activations. After each probe that begins, all that may still be under way are counted. A failure names its seed, which repeats it.
public sealed class SimulatedBreakerTests
{
    private const int Probes = 3;

    [Fact]
    public void There_are_never_more_probes_than_N_while_silos_die_messages_are_lost_and_the_grain_has_two_activations()
    {
        var (begun, rounds) = (0, 0);
        for (var seed = 0; seed < 60; seed++)
        {
            var (probes, turned) = Simulate(seed, Probes);
            (begun, rounds) = (begun + probes, rounds + turned);
        }
        // That the rare is reached, too: probes begin, and rounds end.
        Assert.True(begun > 300 && rounds > 60, $"{begun} probes, {rounds} rounds");
    }

    [Fact]
    public void A_grain_that_gives_one_probe_too_many_is_caught() => Assert.ThrowsAny<Xunit.Sdk.XunitException>(() =>
    {
        for (var seed = 0; seed < 20; seed++)
            Simulate(seed, Probes + 1);
    });

    /// <summary>How many probes began, and in how many rounds.</summary>
    private static (int Probes, int Rounds) Simulate(int seed, int given)
    {
        var world = new SeededWorld(seed);
        var random = new Random(seed);
        return world.Run(async () =>
        {
            using var story = new Story(world, random, given, seed);
            await story.Start();
            return await story.Tell();
        });
    }

    private sealed class Story(SeededWorld world, Random random, int given, int seed) : IDisposable
    {
        private readonly InProcessCluster cluster = new();
        private readonly StateInMemory store = new();
        private readonly List<IHost> hosts = [];
        private readonly List<(long Epoch, long Round, long Number, DateTimeOffset Until)> begun = [];
        private readonly BreakerOptions options = new() { Probes = given, BreakFor = TimeSpan.FromSeconds(2), LongestBreak = TimeSpan.FromSeconds(4), ProbeFor = TimeSpan.FromSeconds(10), Ramp = [50], RampStepFor = TimeSpan.FromSeconds(2) };
        private bool isOver;

        public async Task Start()
        {
            for (var number = 0; number < 3; number++)
            {
                var builder = Host.CreateEmptyApplicationBuilder(null);
                builder.UseOrleans(silo => silo.UseInProcessCluster(cluster).AddIncomingGrainCallFilter<TenantCallFilter>());
                builder.Services.AddLogging().AddSophiaPlacement().AddSingleton<ILogStore>(new MemoryLog()).AddSingleton<IRuntimeWorld>(world).AddSingleton<TimeProvider>(world);
                foreach (var name in (string[])[Stores.Durable, Stores.Fast])
                    builder.Services.AddGrainStorage(name, (_, _) => store);
                builder.Services.AddBreakers(breakers => breakers.Default = options);
                hosts.Add(builder.Build());
                foreach (var service in hosts[^1].Services.GetServices<IHostedService>())
                    await service.StartAsync(default);
            }
            world.IsLost = (message, _) => !isOver && message.Subject.Contains("Replica", StringComparison.Ordinal) && random.Next(10) == 0;
        }

        public async Task<(int Probes, int Rounds)> Tell()
        {
            var callers = Enumerable.Range(0, 12).Select(caller => Call(caller % 3)).ToList();
            for (var fault = 0; fault < 6; fault++)
            {
                await Task.Delay(TimeSpan.FromSeconds(random.Next(1, 8)), world);
                var grain = GrainOf(fault % 3).GetGrainId();
                if (random.Next(2) == 0)
                    cluster.Forget(grain);
                else if (fault == 4 && cluster.Find(grain) is { } home)
                    cluster.Kill(home);
            }
            isOver = true;
            await Task.WhenAll(callers);
            return (begun.Count, begun.Select(probe => (probe.Epoch, probe.Round)).Distinct().Count());
        }

        private async Task Call(int silo)
        {
            var breaker = (LocalBreaker)hosts[silo].Services.GetRequiredService<IBreakers>().For(SomeSilos.Tenant, "model");
            while (!isOver)
            {
                if (breaker.TryEnter() is { IsRefused: false, Permit: var permit })
                {
                    var at = permit.Probe > 0 ? Begin(breaker.Knows!, permit.Probe) : -1;
                    await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1, 3_000)), world);
                    var outcome = random.Next(10) switch { < 5 => CallOutcome.Failed, 5 => CallOutcome.Abandoned, _ => CallOutcome.Success };
                    if (random.Next(8) == 0)
                        continue; // Never reported: its lease must run out.
                    if (at >= 0)
                        begun[at] = begun[at] with { Until = outcome == CallOutcome.Success ? begun[at].Until : world.GetUtcNow() };
                    permit.Report(outcome);
                }
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1, 400)), world);
            }
        }

        /// <summary>Counts the probes of the round that may be under way or have succeeded.</summary>
        private int Begin(BreakerCopy knows, long number)
        {
            var now = world.GetUtcNow();
            begun.Add((knows.Epoch, knows.Round, number, now + options.ProbeFor / 2)); // It began in the first half of its lease, so for as long as that it is surely its own.
            var counted = begun.Where(probe => (probe.Epoch, probe.Round) == (knows.Epoch, knows.Round) && probe.Until > now).ToList();
            Assert.True(counted.Count <= Probes, $"seed {seed}, {now:O}: {counted.Count} probes of round {knows.Round} at once: {string.Join(", ", counted)}");
            Assert.Equal(counted.Count, counted.Select(probe => probe.Number).Distinct().Count());
            return begun.Count - 1;
        }

        private ICircuitBreakerGrain GrainOf(int silo) => hosts[silo].Services.GetRequiredService<IGrainFactory>().GetGrain<ICircuitBreakerGrain>(TenantKey.Of(SomeSilos.Tenant, "model"));

        public void Dispose() => hosts.ForEach(host => host.Dispose());
    }
}
