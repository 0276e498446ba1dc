using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;
using Orleans.Storage;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>Silos of one cluster over one store, whose workers do what a test says; a silo can be killed with what it has in hand.</summary>
internal sealed class QueueWorld : IAsyncDisposable
{
    public static readonly TenantId Acme = TenantId.Parse("acme");

    private readonly string root = Path.Combine(Path.GetTempPath(), "sophia-queues-" + Path.GetRandomFileName());
    private readonly ManySilos silos = new();
    private readonly List<string> living = [], names = [];
    private readonly ServiceProvider stores;

    private readonly TimeSpan leaseFor;

    private QueueWorld(TimeSpan leaseFor) => (this.leaseFor, stores) = (leaseFor, new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddSophiaStorage(storage => storage.DataFolder = root).BuildServiceProvider());

    /// <summary>What workers do: by default, nothing but succeed. The name is the silo's.</summary>
    public Func<string, TenantId, Work, CancellationToken, Task<WorkVerdict>> Doing { get; set; } = static (_, _, _, _) => Task.FromResult(WorkVerdict.Done);

    /// <summary>How long an attempt may take; null: as the queue's options say.</summary>
    public TimeSpan? AttemptFor { get; set; }

    /// <summary>Every attempt, in the order in which they began.</summary>
    public ConcurrentQueue<(string Silo, TenantId Tenant, Work Work)> Begun { get; } = [];

    public IQueueStore Store => stores.GetRequiredService<IQueueStore>();

    /// <summary>Asked before the store is: what it gives, if anything, is the store's answer.</summary>
    public Func<string, TenantId, object?>? Instead { get; set; }

    /// <summary>Whether each process knows who is suspended.</summary>
    public bool Knows { get; set; } = true;

    public ILogStore Log => stores.GetRequiredService<ILogStore>();

    /// <summary>With leases that no machine is too slow to keep.</summary>
    public static Task<QueueWorld> Start(params string[] names) => Start(TimeSpan.FromMinutes(1), names);

    public static async Task<QueueWorld> Start(TimeSpan leaseFor, params string[] names)
    {
        var world = new QueueWorld(leaseFor);
        foreach (var name in names.DefaultIfEmpty("one"))
            await world.Add(name);
        return world;
    }

    public async Task Add(string name)
    {
        names.Add(name);
        living.Add(name);
        await silos.Add(name, silo =>
        {
            silo.AddReminders().AddIncomingGrainCallFilter<TenantCallFilter>();
            silo.Services.AddLogging().AddSingleton(TimeProvider.System).AddSingleton(new Random(1));
            silo.Services.AddSingleton(HookedQueueStore.Over(Store, (method, tenant) => Instead?.Invoke(method, tenant))).AddSingleton(Log).AddSingleton(stores.GetRequiredService<IReminderTable>());
            foreach (var storage in (string[])[Stores.Durable, Stores.Fast])
                silo.Services.AddGrainStorage(storage, (_, _) => stores.GetRequiredKeyedService<IGrainStorage>(storage));
            silo.Services.AddSophiaQueues(options => (options.LeaseFor, options.RetryAfter, options.OfferEvery, options.MaxDepth) = (leaseFor, TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(50), 5_000));
            silo.Services.AddSingleton<IWorkHandler>(new Scripted(this, name)).AddSingleton<ITenantGate>(new Gate(this));
        });
        using var _ = CallerContext.ForSystem("test");
        await Grains.GetGrain<ITenantDirectoryGrain>(TenantKey.System).Add(Acme);
    }

    private sealed class Gate(QueueWorld world) : ITenantGate
    {
        public string? Because(TenantId tenant) => null;

        public bool IsOpen(TenantId tenant) => world.Knows;

        public ValueTask MustBeOpen(TenantId tenant) => ValueTask.CompletedTask;

        public bool IsEnded(TenantId tenant) => false;

        public Task Refresh() => Task.CompletedTask;
    }

    /// <summary>Ends a silo without a word; the others visit their tenants then, as they do in a cluster.</summary>
    public async Task Kill(string name)
    {
        living.Remove(name);
        await silos.Kill(names.IndexOf(name));
        foreach (var left in living)
            foreach (var sweep in silos.All<IHostedService>(names.IndexOf(left)).OfType<TenantSweep>())
                await sweep.SweepNow();
    }

    public IGrainFactory Grains => silos.Grains(names.IndexOf(living[^1]));

    public async Task<T> Queue<T>(Func<IWorkQueueGrain, Task<T>> ask, TenantId? tenant = null)
    {
        using var _ = CallerContext.For(tenant ?? Acme);
        return await ask(Grains.GetGrain<IWorkQueueGrain>(TenantKey.Of(tenant ?? Acme)));
    }

    public async Task<T> Dead<T>(Func<IDeadLetterGrain, Task<T>> ask)
    {
        using var _ = CallerContext.For(Acme);
        return await ask(Grains.GetGrain<IDeadLetterGrain>(TenantKey.Of(Acme)));
    }

    public Task<IReadOnlyList<EnqueueAnswer>> Take(params NewWork[] work) => Queue(queue => queue.Enqueue(work, default));

    public static NewWork Job(string payload = "1") => new(WorkLimits.OwnQueue, Scripted.OwnKind, payload);

    public async Task<QueueView> Counts()
    {
        var view = (await Store.Queues(Acme, default)).FirstOrDefault(one => one.Queue == WorkLimits.OwnQueue) ?? new QueueView(WorkLimits.OwnQueue, 0, 0, 0, 0, 0, 0, null, null, null, null, 1);
        Assert.Equal(view.Accepted, view.Pending + view.Leased + view.Done + view.Dead + view.Quarantined);
        return view;
    }

    public Task<QueueView> Until(Func<QueueView, bool> fits, string what) => Eventually.Get(Counts, fits, what);

    public async ValueTask DisposeAsync()
    {
        await silos.DisposeAsync();
        await stores.DisposeAsync();
        Directory.Delete(root, recursive: true);
    }

    private sealed class Scripted(QueueWorld world, string silo) : IWorkHandler
    {
        public const string OwnKind = "scripted";

        public string Kind => OwnKind;

        public TimeSpan? AttemptFor => world.AttemptFor;

        public Task<WorkVerdict> Do(TenantId tenant, Work work, CancellationToken cancellation)
        {
            Assert.Equal(tenant, CallerContext.Tenant);
            world.Begun.Enqueue((silo, tenant, work));
            return world.Doing(silo, tenant, work, cancellation);
        }
    }
}
