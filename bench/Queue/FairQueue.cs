using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;
using Sophia.Hosting;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>How fairly many tenants are served by the product's queue as it runs: grains, dispatcher, workers and the embedded store. Its workers end what they have in hand all together, one step after the other, so that time is counted in service
/// times and nothing depends on how fast the machine is.</summary>
internal sealed class FairQueue : IAsyncDisposable
{
    /// <summary>Items in hand at a time.</summary>
    public const int Places = 16;

    private const int AtOnce = 1_000, OpenFiles = 2_048;

    private readonly string folder;
    private readonly IHost host;
    private readonly Stepping work = new();
    private int left;

    private FairQueue(string folder)
    {
        this.folder = folder;
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleans(silo => silo.UseSingleSilo().AddReminders().AddIncomingGrainCallFilter<TenantCallFilter>());
        builder.Services.AddLogging().AddSingleton(TimeProvider.System).AddSingleton(new Random(1));
        // Who is served is measured, and not how fast a file is opened again.
        builder.Services.AddSophiaStorage(storage => (storage.DataFolder, storage.OpenFiles) = (folder, OpenFiles));
        // No lease ends by itself, however long a step takes.
        builder.Services.AddSophiaQueues(options => (options.Places, options.MaxLeased, options.MaxDepth, options.LeaseFor) = (Places, 4 * Places, 10_000_000, TimeSpan.FromHours(1)));
        builder.Services.AddSingleton<IWorkHandler>(work);
        host = builder.Build();
    }

    private IGrainFactory Grains => host.Services.GetRequiredService<IGrainFactory>();

    /// <summary>A thousand times as much is sent by the first of tenants that have work throughout, while guests come with a few items and go.</summary>
    /// <param name="each">Items of every tenant within the window, about.</param>
    /// <returns>Jain's index over those that have work throughout, and the longest that one of them stood aside, in parts of the bound of docs/adr/0030.</returns>
    public static async Task<(double Jain, double Aside)> Alike(string scratch, int tenants, int each)
    {
        await using var queue = await Start(scratch);
        var names = Names(tenants);
        await queue.Put(names[0], 1_000 * each);
        await Parallel.ForEachAsync(names.Skip(1), async (tenant, _) => await queue.Put(tenant, each + 10));
        await queue.Step(); // What the first one had in hand before there was anybody else.
        var turns = new FairTurns(names.ToDictionary(tenant => tenant, _ => 1), Places);
        for (var steps = 0; turns.Served < tenants * each; steps++)
        {
            if (steps % 10 == 0)
            {
                turns.Comes(1);
                await queue.Put(TenantId.Parse($"guest-{steps / 10}"), 3);
            }
            foreach (var (tenant, _) in await queue.Step())
                turns.Begun(tenant);
        }
        return (turns.Jain(), turns.Aside());
    }

    /// <summary>Tenants of weight 1 to 5 have work throughout.</summary>
    /// <param name="each">Items of a tenant of weight 1 within the window, about.</param>
    /// <returns>The furthest that a tenant's share of what was served is from its weight's, in parts of that, and the longest that one stood aside, in parts of the bound of docs/adr/0030.</returns>
    public static async Task<(double Off, double Aside)> Weighted(string scratch, int tenants, int each)
    {
        await using var queue = await Start(scratch);
        var weights = Names(tenants).Select((tenant, i) => (Tenant: tenant, Weight: 1 + i % 5)).ToDictionary(one => one.Tenant, one => one.Weight);
        foreach (var (tenant, weight) in weights)
            await queue.Weigh(tenant, weight);
        await Parallel.ForEachAsync(weights, async (one, _) => await queue.Put(one.Key, (one.Value * (each + 10)) + Places)); // The first one has so much in hand before there is anybody else.
        await queue.Step();
        var turns = new FairTurns(weights, Places);
        while (turns.Served < weights.Values.Sum() * each)
            foreach (var (tenant, _) in await queue.Step())
                turns.Begun(tenant);
        return (turns.Off(), turns.Aside());
    }

    /// <summary>What quiet tenants wait for, in service times, the longest of a hundred waits (p99): they send an item now and then, together for half the places. Beside them, where it is asked for, one sends as much as a thousand of them, after a flood.</summary>
    /// <param name="quiet">How many; one alone sends as seldom as it does among all.</param>
    public static async Task<double> Waits(string scratch, int quiet, bool flooded, int items, int of)
    {
        await using var queue = await Start(scratch);
        var (random, names, flood) = (new Random(20_261_122), Names(quiet), TenantId.Parse("flood"));
        if (flooded)
            await queue.Put(flood, 10_000);
        var waits = new List<double>();
        for (var step = 0; waits.Count < items; step++)
        {
            var sent = Enumerable.Range(0, Places).Where(_ => random.Next(2) == 0).Select(_ => (Who: random.Next(of), At: step + random.NextDouble())).ToList();
            await Task.WhenAll(sent.Where(one => one.Who < quiet).Select(one => queue.Put(names[one.Who], 1, one.At.ToString(CultureInfo.InvariantCulture))));
            if (flooded)
                await queue.Put(flood, Places / 2);
            foreach (var (tenant, at) in await queue.Step())
                if (tenant != flood)
                    waits.Add(Math.Max(0, step - double.Parse(at, CultureInfo.InvariantCulture)));
        }
        return waits.Order().ElementAt((int)(waits.Count * 0.99));
    }

    public async ValueTask DisposeAsync()
    {
        work.Free();
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<FairQueue> Start(string scratch)
    {
        var queue = new FairQueue(Path.Combine(scratch, "fair-" + Path.GetRandomFileName()));
        await queue.host.StartAsync();
        return queue;
    }

    private static TenantId[] Names(int tenants) => [.. Enumerable.Range(0, tenants).Select(i => TenantId.Parse($"t{i}"))];

    /// <summary>Takes work in; done when whoever grants work has heard of it.</summary>
    private async Task Put(TenantId tenant, int items, string payload = "0")
    {
        using (CallerContext.For(tenant))
            for (var from = 0; from < items; from += AtOnce)
            {
                var some = Enumerable.Repeat(new NewWork(WorkLimits.OwnQueue, Stepping.OwnKind, payload), Math.Min(AtOnce, items - from)).ToArray();
                if ((await Grains.GetGrain<IWorkQueueGrain>(TenantKey.Of(tenant)).Enqueue(some, default)).Any(answer => answer.State != EnqueueState.Accepted))
                    throw new InvalidOperationException("An item was not taken.");
                Interlocked.Add(ref left, some.Length);
            }
        // The offer went before the answer, and so is heard before this.
        using var _ = CallerContext.ForSystem("bench");
        await Grains.GetGrain<IWorkDispatcherGrain>(WorkLimits.OwnDispatcher).View();
    }

    private async Task Weigh(TenantId tenant, int weight)
    {
        using var _ = CallerContext.ForSystem("bench");
        await Grains.GetGrain<IWorkQueueGrain>(TenantKey.Of(tenant)).Weigh(weight, "the bench says so", "bench");
    }

    /// <summary>One service time: when every place has something in hand that there is work for, all of it ends. Whose it was, and what it said.</summary>
    private async Task<IReadOnlyList<(TenantId Tenant, string Payload)>> Step()
    {
        var ended = await work.End(Math.Min(Places, Volatile.Read(ref left)), host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        Interlocked.Add(ref left, -ended.Count);
        return ended;
    }

    /// <summary>Ends what is in hand when it is told to.</summary>
    private sealed class Stepping : IWorkHandler
    {
        public const string OwnKind = "step";

        private readonly Lock gate = new();
        private List<(TenantId, string)> inHand = [];
        private TaskCompletionSource ends = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private (int InHand, TaskCompletionSource There) awaited = (int.MaxValue, new());
        private bool isFree;

        public string Kind => OwnKind;

        public async Task<WorkVerdict> Do(TenantId tenant, Work work, CancellationToken cancellation)
        {
            Task end;
            lock (gate)
            {
                inHand.Add((tenant, work.Payload));
                if (inHand.Count >= awaited.InHand)
                    awaited.There.TrySetResult();
                end = isFree ? Task.CompletedTask : ends.Task;
            }
            await end;
            return WorkVerdict.Done;
        }

        public async Task<IReadOnlyList<(TenantId, string)>> End(int items, CancellationToken stopping)
        {
            lock (gate)
            {
                awaited = (items, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
                if (inHand.Count >= items)
                    awaited.There.SetResult();
            }
            await awaited.There.Task.WaitAsync(stopping);
            TaskCompletionSource over;
            List<(TenantId, string)> ended;
            lock (gate)
                (over, ends, ended, inHand) = (ends, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), inHand, []);
            over.SetResult();
            return ended;
        }

        public void Free()
        {
            lock (gate)
                isFree = true;
            ends.SetResult();
        }
    }
}
