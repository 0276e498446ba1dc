using System.Text;
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

// Goal: what is decided about failures is done once and undone once, whoever crashes at whatever point, within its bounds, and nothing is left over when all is well. Method: three silos in a seeded world of virtual time with the
// real grains and breakers; dependencies fail and heal, the grains that decide and do are forgotten (so that there are two of each) or die with their silo, messages are lost, writes fail. Each virtual second the bounds are looked
// at; then everything heals, and within virtual minutes all must be lifted, each containment in the audit once and in the order in which it lived. A failure names its seed, which repeats it.
public sealed class SimulatedContainmentTests
{
    [Fact]
    public void Whatever_crashes_containments_keep_their_bounds_and_end_and_the_audit_tells_each_step_once()
    {
        var (applied, lifted, refused) = (0, 0, 0);
        for (var seed = 0; seed < 25; seed++)
        {
            var world = new SeededWorld(seed);
            using var story = new Story(world, new Random(seed), seed);
            var (held, freed, failed) = world.Run(async () =>
            {
                await story.Start();
                return await story.Tell();
            });
            (applied, lifted, refused) = (applied + held, lifted + freed, refused + failed);
        }
        // That the rare is reached, too.
        Assert.True(applied > 20 && lifted > 20 && refused > 0, $"{applied} applied, {lifted} lifted, {refused} writes failed");
    }

    // An endpoint that comes and goes every few seconds for ten minutes: its breakers open and close with it, what contains it does not.
    [Fact]
    public void Containment_does_not_follow_an_endpoint_that_flaps()
    {
        for (var seed = 0; seed < 6; seed++)
        {
            var world = new SeededWorld(seed);
            using var story = new Story(world, new Random(seed), seed);
            world.Run(async () =>
            {
                await story.Start();
                await story.Flap(TimeSpan.FromSeconds(2 + (seed % 3)), TimeSpan.FromMinutes(10));
                return true;
            });
        }
    }

    private sealed class Story(SeededWorld world, Random random, int seed) : IDisposable
    {
        private const int Most = 2;

        private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

        private static readonly string[] Dependencies = [DomainTopology.ModelName, DomainTopology.EmbeddingName, DomainTopology.EmbeddingSecondaryName];

        private readonly InProcessCluster cluster = new();
        private readonly StateInMemory store = new();
        private readonly MemoryLog log = new();
        private readonly List<IHost> hosts = [];
        private readonly HashSet<string> sick = [];
        private bool isCalm, isOver;
        private int refused;

        public async Task Start()
        {
            log.Refuse = _ => !isCalm && random.Next(12) == 0 && ++refused > 0 ? new IOException("The log is away.") : null;
            for (var number = 0; number < 3; number++)
            {
                var builder = Host.CreateEmptyApplicationBuilder(null);
                builder.UseOrleans(silo => silo.UseInProcessCluster(cluster).AddIncomingGrainCallFilter<TenantCallFilter>());
                builder.Services.AddLogging().AddSophiaPlacement().AddSingleton<ILogStore>(log).AddSingleton<IRuntimeWorld>(world).AddSingleton<TimeProvider>(world);
                foreach (var name in (string[])[Stores.Durable, Stores.Fast])
                    builder.Services.AddGrainStorage(name, (_, _) => store);
                builder.Services.AddBreakers(breakers => breakers.Default = new BreakerOptions { BreakFor = TimeSpan.FromSeconds(4), LongestBreak = TimeSpan.FromSeconds(8), ProbeFor = TimeSpan.FromSeconds(4), Ramp = [50], RampStepFor = TimeSpan.FromSeconds(1) });
                builder.Services.AddDegradation(degradation => degradation.Rules = []);
                builder.Services.AddFailureDomains(Options);
                hosts.Add(builder.Build());
                foreach (var service in hosts[^1].Services.GetServices<IHostedService>())
                    await service.StartAsync(default);
            }
            world.IsLost = (message, _) => !isCalm && (message.Subject.Contains("Domain", StringComparison.Ordinal) || message.Subject.Contains("Replica", StringComparison.Ordinal)) && random.Next(10) == 0;
        }

        /// <summary>Applied, lifted, and how many writes failed.</summary>
        public async Task<(int Applied, int Lifted, int Refused)> Tell()
        {
            var others = Enumerable.Range(0, 3).SelectMany(silo => Dependencies.Select(dependency => Call(silo, dependency))).Append(Watch()).ToList();
            for (var fault = 0; fault < 14; fault++)
            {
                await Task.Delay(TimeSpan.FromSeconds(random.Next(2, 14)), world);
                var dependency = Dependencies[random.Next(Dependencies.Length)];
                if (!sick.Add(dependency) && random.Next(2) == 0)
                    sick.Remove(dependency);
                Harm(fault);
            }
            (isCalm, store.Refuses) = (true, null);
            sick.Clear();
            await Calm();
            for (var second = 0; second < 60 && Lives().Any(life => !HasEnded(life)); second++)
                await Task.Delay(Second, world); // What the audit is owed it gets with a look.
            isOver = true;
            await Task.WhenAll(others);
            return Audited();
        }

        public async Task Flap(TimeSpan every, TimeSpan lasts)
        {
            isCalm = true;
            var (others, holds, flips) = (Enumerable.Range(0, 3).Select(silo => Call(silo, Dependencies[0])).ToList(), new List<(bool Held, DateTimeOffset At)>(), 0);
            for (var until = world.GetUtcNow() + lasts; world.GetUtcNow() < until;)
            {
                if (!sick.Add(Dependencies[0]))
                    sick.Remove(Dependencies[0]);
                flips++;
                for (var step = world.GetUtcNow() + every; world.GetUtcNow() < step;)
                {
                    await Task.Delay(Second / 4, world);
                    if (await Asked(() => Grains(0).GetGrain<ICircuitBreakerGrain>(TenantKey.Of(TenantId.Parse(TenantKey.System), Dependencies[0])).View()) is not { } view)
                        continue;
                    if ((view.Hold == BreakerHold.Isolated) != (holds.Count > 0 && holds[^1].Held))
                        holds.Add((view.Hold == BreakerHold.Isolated, world.GetUtcNow()));
                }
            }
            sick.Clear();
            await Calm();
            isOver = true;
            await Task.WhenAll(others);
            var contained = holds.Where(hold => hold.Held).Select(hold => hold.At).ToArray();
            Assert.True(contained.Length > 0, $"seed {seed}: it was never contained");
            // Each hold lasts at least as long as the first one (seen four times a second); they grow to half a minute, so there are few.
            Assert.All(holds.Zip(holds.Skip(1)).Where(pair => pair.First.Held), pair => Assert.True(pair.Second.At - pair.First.At >= TimeSpan.FromSeconds(7), $"seed {seed}: held for {pair.Second.At - pair.First.At}"));
            Assert.True(contained.Length <= (int)(lasts / TimeSpan.FromSeconds(25)) && contained.Length * 5 < flips, $"seed {seed}: {contained.Length} times contained, {flips} times well or sick");
        }

        private static void Options(ContainmentOptions options)
        {
            (options.LookEvery, options.HealFor, options.HoldFor, options.HoldFactor, options.LongestHold, options.RelapseWithin, options.MostByItself) =
                (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(8), 1.5, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30), Most);
            options.Topology = new DomainTopology { Model = "m:1", Embedding = "e:1", EmbeddingSecondary = "e:2" };
            options.Rules = [.. ShippedContainment.Rules.Where(rule => rule.Kind == DomainKind.Dependency).Select(rule => rule with { AfterSeconds = 2 })];
        }

        private void Harm(int fault)
        {
            var grains = Grains(fault % 3);
            GrainId[] deciding = [grains.GetGrain<IFailureDomainsGrain>(TenantKey.System).GetGrainId(), grains.GetGrain<IDomainWatchGrain>(TenantKey.System).GetGrainId()];
            store.Refuses = random.Next(4) == 0 ? "containment" : null;
            foreach (var grain in deciding)
                if (random.Next(3) == 0)
                    cluster.Forget(grain);
            if (fault == 9 && cluster.Find(deciding[random.Next(2)]) is { } home)
                cluster.Kill(home);
        }

        private async Task Call(int silo, string dependency)
        {
            var breaker = hosts[silo].Services.GetRequiredService<IBreakers>().OfInstallation(dependency);
            while (!isOver)
            {
                if (breaker.TryEnter() is { IsRefused: false, Permit: var permit })
                    permit.Report(sick.Contains(dependency) ? CallOutcome.Failed : CallOutcome.Success);
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 300)), world);
            }
        }

        /// <summary>The bounds, each second, by the breakers themselves.</summary>
        private async Task Watch()
        {
            while (!isOver)
            {
                await Task.Delay(Second, world);
                var held = await Held();
                Assert.True(held.Count <= Most, $"seed {seed}, {world.GetUtcNow():O}: {string.Join(", ", held)} are held");
            }
        }

        private async Task Calm()
        {
            for (var second = 0; second < 600; second++)
            {
                await Task.Delay(Second, world);
                if (await View() is { } view && view.Failing.All(failure => failure.Node.StartsWith("silo/", StringComparison.Ordinal)) && view.Containments.All(one => one.Phase is not (ContainmentPhase.Proposed or ContainmentPhase.Applying or ContainmentPhase.Applied or ContainmentPhase.Lifting)) && (await Held()).Count == 0)
                    return;
            }
            Assert.Fail($"seed {seed}: it did not end: {string.Join("; ", (await View())?.Containments.Select(one => $"{one.Id} {one.Node} {one.Phase} {one.Note}") ?? [])}; held: {string.Join(", ", await Held())}; failing: {string.Join(", ", (await View())?.Failing.Select(one => $"{one.Node}: {one.Because}") ?? [])}; unseen: {string.Join(", ", (await View())?.Unseen ?? [])}");
        }

        private async Task<List<string>> Held()
        {
            var held = new List<string>();
            foreach (var dependency in Dependencies)
                if (await Asked(() => Grains(0).GetGrain<ICircuitBreakerGrain>(TenantKey.Of(TenantId.Parse(TenantKey.System), dependency)).View()) is { Hold: BreakerHold.Isolated })
                    held.Add(dependency);
            return held;
        }

        private Task<DomainsView?> View() => Asked(() => Grains(0).GetGrain<IFailureDomainsGrain>(TenantKey.System).View(null));

        private static async Task<T?> Asked<T>(Func<Task<T>> ask) where T : class
        {
            try
            {
                using var _ = CallerContext.ForSystem("test");
                return await ask();
            }
            catch (Exception failure) when (failure is TimeoutException or OrleansException or IOException)
            {
                return null;
            }
        }

        /// <summary>Every containment's own life, as the audit tells it.</summary>
        private (int, int, int) Audited()
        {
            string[] order = ["proposed", "applying", "applied", "lifting", "lifted"];
            var (applied, lifted) = (0, 0);
            foreach (var life in Lives())
            {
                var (steps, was) = (life.ToArray(), $"seed {seed}: {life.Key} was {string.Join(", ", life)}");
                Assert.True(steps.Length == steps.Distinct().Count(), was);
                var known = steps.Where(order.Contains).Select(step => Array.IndexOf(order, step)).ToArray();
                Assert.True(known.SequenceEqual(known.Order()), was);
                Assert.True(HasEnded(life), was);
                applied += steps.Contains("applied") ? 1 : 0;
                lifted += steps.Contains("lifted") ? 1 : 0;
            }
            return (applied, lifted, refused);
        }

        private IEnumerable<IGrouping<long, string>> Lives() => log.Rows.Where(row => row.Key.StartsWith("containment-", StringComparison.Ordinal)).Select(row => System.Text.Json.Nodes.JsonNode.Parse(Encoding.UTF8.GetString(row.Payload.Span))!)
            .GroupBy(entry => entry["containment"]!.GetValue<long>(), entry => entry["what"]!.GetValue<string>()["containment-".Length..]);

        private static bool HasEnded(IEnumerable<string> life) => life.Last() is "lifted" or "withdrawn";

        // One that lives.
        private IGrainFactory Grains(int silo) => hosts.Select((host, at) => (host, at)).OrderBy(one => (one.at - silo + 3) % 3).Select(one => one.host).First(host => cluster.Silos.GetValueOrDefault(host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress) != SiloStatus.Dead).Services.GetRequiredService<IGrainFactory>();

        public void Dispose() => hosts.ForEach(host => host.Dispose());
    }
}
