using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;
using Orleans.InProcess;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;
using Orleans.Storage;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Runtime.InProcess;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>Three silos with the real queue, dispatcher and store in a seeded world of virtual time, and workers that are slow, forget to renew, die with what they have, and are told to stop.</summary>
/// <remarks>Workers here speak as the product's own do, but ask instead of waiting: where a wait ends is a thread's decision, and a world of one seed has only one.</remarks>
internal sealed class SimulatedQueue : IDisposable
{
    public const int MaxCost = 3, Places = 4;
    public static readonly (TenantId Id, int Weight)[] Tenants = [(TenantId.Parse("a"), 1), (TenantId.Parse("b"), 2), (TenantId.Parse("c"), 1)];
    private static readonly TimeSpan LeaseFor = TimeSpan.FromSeconds(10);

    private readonly string root = Path.Combine(Path.GetTempPath(), "sophia-simulated-" + Path.GetRandomFileName());
    private readonly InProcessCluster cluster = new();
    private readonly List<IHost> hosts = [];
    private readonly HashSet<int> dead = [];
    private readonly ServiceProvider stores;
    private readonly SeededWorld world;
    private readonly Random random;
    private readonly int seed;
    private readonly IQueueStore store;
    private readonly List<(long Number, TenantId Tenant, int Cost)> granted = [];
    private List<Task> workers = [];
    private bool faulty = true, isOver;

    /// <param name="planted">A fault of the product itself, which the checks must find: leases end before their time.</param>
    public SimulatedQueue(SeededWorld world, int seed, bool planted)
    {
        (this.world, this.seed, random) = (world, seed, new Random(seed));
        stores = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(world).AddSophiaStorage(storage => (storage.DataFolder, storage.WriterThreads, storage.ReaderThreads) = (root, 1, 1)).BuildServiceProvider();
        store = BlockingStore.Over(stores.GetRequiredService<IQueueStore>(), (method, asked) => planted && method.Name == nameof(IQueueStore.Lapsed) ? [asked[0], (DateTimeOffset)asked[1]! + LeaseFor, .. asked[2..]] : asked);
        Ledger = new QueueLedger(seed, world, store);
    }

    public QueueLedger Ledger { get; }

    public int Lost { get; private set; }

    public async Task Start()
    {
        var reminders = BlockingStore.Over(stores.GetRequiredService<IReminderTable>());
        for (var number = 0; number < 3; number++)
        {
            var builder = Host.CreateEmptyApplicationBuilder(null);
            builder.UseOrleans(silo => silo.UseInProcessCluster(cluster).AddReminders().AddIncomingGrainCallFilter<TenantCallFilter>());
            builder.Services.AddLogging().AddSingleton<IRuntimeWorld>(world).AddSingleton<TimeProvider>(world).AddSingleton(new Random(seed + number)).AddSingleton<ILogStore>(new Chat.MemoryLog()).AddSingleton(store)
                .AddSingleton(reminders);
            foreach (var name in (string[])[Stores.Durable, Stores.Fast])
                builder.Services.AddGrainStorage(name, (_, _) => new Resilience.StateInMemory());
            builder.Services.AddSophiaQueues(options => (options.LeaseFor, options.RetryAfter, options.Places, options.RunPlaces) = (LeaseFor, TimeSpan.FromSeconds(1), 0, 0));
            hosts.Add(builder.Build());
            foreach (var service in hosts[^1].Services.GetServices<IHostedService>().Where(service => service is not BackgroundService))
                await service.StartAsync(default);
        }
        foreach (var (tenant, weight) in Tenants)
            await As(tenant, async queue =>
            {
                using var _ = CallerContext.ForSystem("test");
                await queue.Weigh(weight, "test", "test");
                return true;
            });
        world.IsLost = (message, _) => faulty && message.Subject.Contains("Offer", StringComparison.Ordinal) && random.Next(3) == 0;
    }

    /// <summary>Work comes in while faults fly; then they stop, and everything must end.</summary>
    public async Task Tell()
    {
        workers = Enumerable.Range(0, 6).Select(Work).ToList();
        var producers = Tenants.Select((tenant, i) => Produce(tenant.Id, i == 0 ? 40 : 15)).ToList();
        for (var fault = 0; fault < 5; fault++)
        {
            await Pause(1, 12);
            var (tenant, _) = Tenants[random.Next(Tenants.Length)];
            // A queue may have two activations, of which the store believes what it does; two dispatchers would each have a ring of its own.
            IGrain grain = random.Next(3) == 0 ? Dispatcher(Alive()) : Queue(Alive(), tenant);
            if (random.Next(3) > 0)
                cluster.Forget(Queue(Alive(), tenant).GetGrainId());
            else if (dead.Count == 0 && cluster.Find(grain.GetGrainId()) is { } home)
                Kill(home);
        }
        await Task.WhenAll(producers);
        faulty = false;
        await Ended("what came in while faults flew");
        await Fairly();
        isOver = true;
        await Task.WhenAll(workers);
        await Ledger.Settle();
        hosts.ForEach(host => host.Dispose());
    }

    // All tenants have work throughout, and nothing fails: nobody may stand aside for longer than is promised.
    private async Task Fairly()
    {
        foreach (var (tenant, _) in Tenants)
            await As(tenant, queue => queue.Hold(WorkLimits.OwnQueue, "fill", "test"));
        foreach (var (tenant, _) in Tenants)
            await Take(tenant, [.. Enumerable.Range(0, 80).Select(i => Ledger.Job(tenant, random, plain: true))]);
        foreach (var (tenant, _) in Tenants)
            await As(tenant, queue => queue.LetGo(WorkLimits.OwnQueue, "test", "test"));
        await Pause(6, 6); // Everybody has offered by then.
        granted.Clear();
        var counts = Tenants.ToDictionary(tenant => tenant.Id, _ => 0);
        while (counts.Values.Sum() < 80)
        {
            await Look(50);
            foreach (var (tenant, _) in Tenants)
                counts[tenant] = granted.Count(grant => grant.Tenant == tenant);
        }
        Ledger.CheckStarvation([.. granted.OrderBy(grant => grant.Number).Select(grant => (grant.Tenant, grant.Cost))], MaxCost, Places);
        await Ended("a fair share of work");
    }

    private async Task Ended(string what)
    {
        var until = world.GetUtcNow() + TimeSpan.FromHours(2);
        foreach (var (tenant, _) in Tenants)
            while ((await store.Queues(tenant, default)).Any(queue => queue.Pending + queue.Leased > 0))
            {
                Assert.True(world.GetUtcNow() < until, $"seed {seed}: {what} has not ended after two hours");
                await Look(1_000);
            }
    }

    private async Task Produce(TenantId tenant, int items)
    {
        for (var left = items; left > 0; left--)
        {
            await Take(tenant, [Ledger.Job(tenant, random, plain: false)]);
            if (random.Next(3) == 0)
                await Pause(0, 2);
        }
    }

    // Who does not hear whether its work was taken gives it again: the key makes one item of both.
    private async Task Take(TenantId tenant, IReadOnlyList<NewWork> work)
    {
        for (var tries = 1; ; tries++)
            try
            {
                var answers = await As(tenant, queue => queue.Enqueue(work, default));
                for (var i = 0; i < work.Count; i++)
                    Ledger.Accepted(tenant, answers[i].Id, work[i]);
                return;
            }
            catch (Exception lost) when (lost is not Xunit.Sdk.XunitException && tries < 50)
            {
                Lost++;
                await Pause(0, 1);
            }
    }

    private async Task Work(int number)
    {
        var outcomes = new List<GrantOutcome>();
        while (!isOver)
        {
            await Tick(random.Next(1, 300));
            if (dead.Contains(number % 3))
                continue;
            try
            {
                using var _ = CallerContext.ForSystem("test");
                var grants = await Dispatcher(number % 3).Next(new WorkerReport($"worker-{number}", Places, [.. outcomes], [], TimeSpan.Zero), default);
                outcomes.Clear();
                var doing = new List<Task>();
                foreach (var grant in grants)
                {
                    granted.Add((grant.Number, grant.Tenant, grant.Cost));
                    var leased = await Queue(number % 3, grant.Tenant).Lease(new LeaseRequest(WorkLimits.OwnQueue, $"worker-{number}", grant.Items, grant.Cost), default);
                    outcomes.Add(new GrantOutcome(grant, leased.Items.Count, leased.Items.Sum(item => item.Cost), leased.Left, leased.NextCost, leased.Weight));
                    foreach (var work in leased.Items)
                    {
                        await Ledger.HandedOut(grant.Tenant, work, world.GetUtcNow() + LeaseFor);
                        doing.Add(Do(number, grant.Tenant, work));
                    }
                }
                await Task.WhenAll(doing);
            }
            catch (Exception lost) when (lost is not Xunit.Sdk.XunitException)
            {
                Lost++;
            }
        }
    }

    private async Task Do(int number, TenantId tenant, Work work)
    {
        var fate = faulty ? random.Next(20) : 2;
        if (fate == 0)
            return; // It went away, and says nothing.
        var token = work.Token;
        for (var left = fate == 1 ? random.Next(12, 40) : random.Next(0, 3) + 0.1; left > 0; left -= 3)
        {
            await Tick(Math.Min(left, 3) * 1_000);
            if (fate == 1)
                continue; // Slow, and does not renew.
            if (!(await Queue(number % 3, tenant).Extend(WorkLimits.OwnQueue, [token], default))[0])
                return;
            Ledger.Renewed(tenant, token, world.GetUtcNow() + LeaseFor);
        }
        var result = Ledger.Effect(tenant, work, faulty);
        var answer = (await Queue(number % 3, tenant).Finish(WorkLimits.OwnQueue, [result], default))[0];
        Ledger.Ended(tenant, work, result, answer);
    }

    private void Kill(SiloAddress home)
    {
        dead.Add(hosts.FindIndex(host => host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress.Equals(home)));
        cluster.Kill(home);
    }

    private int Alive() => Enumerable.Range(0, 3).First(silo => !dead.Contains(silo));

    private Task Pause(int from, int to) => Tick(random.Next(from * 1_000, to * 1_000 + 1));

    // A check that failed ended the worker that met it, and the story with it.
    private async Task Look(double milliseconds)
    {
        if (workers.FirstOrDefault(worker => worker.IsFaulted) is { } failed)
            await failed;
        await Tick(milliseconds);
    }

    private Task Tick(double milliseconds)
    {
        var span = TimeSpan.FromMilliseconds(milliseconds);
        return Task.Delay(span, world);
    }

    private IWorkDispatcherGrain Dispatcher(int silo) => hosts[silo].Services.GetRequiredService<IGrainFactory>().GetGrain<IWorkDispatcherGrain>(TenantKey.System);

    private IWorkQueueGrain Queue(int silo, TenantId tenant) => hosts[silo].Services.GetRequiredService<IGrainFactory>().GetGrain<IWorkQueueGrain>(TenantKey.Of(tenant));

    private async Task<T> As<T>(TenantId tenant, Func<IWorkQueueGrain, Task<T>> ask)
    {
        using var _ = CallerContext.ForSystem("test");
        return await ask(Queue(Alive(), tenant));
    }

    private Task As(TenantId tenant, Func<IWorkQueueGrain, Task> ask) => As(tenant, async queue =>
    {
        await ask(queue);
        return true;
    });

    public void Dispose()
    {
        stores.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Directory.Delete(root, recursive: true);
    }
}
