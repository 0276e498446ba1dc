using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;
using Sophia.Hosting;
using Sophia.Postgres;
using Sophia.Queues;
using Sophia.Security;
using Sophia.Servers;
using Sophia.Tenants;

namespace Sophia.Bench;

/// <summary>The product's queue as it runs: grains, dispatcher, workers and store; nothing is shortened.</summary>
internal sealed class SophiaQueue : IAsyncDisposable
{
    private static readonly TenantId Tenant = TenantId.Parse("bench");

    private readonly IHost host;
    private readonly string folder;
    private readonly ScratchDatabase? database;
    private readonly Counting counting;
    private readonly string payload;

    private SophiaQueue(IHost host, string folder, ScratchDatabase? database, Counting counting)
    {
        (this.host, this.folder, this.database, this.counting) = (host, folder, database, counting);
        payload = $"\"{new string('x', 998)}\"";
    }

    private IWorkQueueGrain Queue => host.Services.GetRequiredService<IGrainFactory>().GetGrain<IWorkQueueGrain>(TenantKey.Of(Tenant));

    public static async Task<SophiaQueue> Start(string scratch, PostgresServer? server, int places)
    {
        var folder = Path.Combine(scratch, "run-" + Path.GetRandomFileName());
        var database = server is null ? null : new ScratchDatabase(server: server);
        var counting = new Counting();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleans(silo => silo.UseSingleSilo().AddReminders().AddIncomingGrainCallFilter<TenantCallFilter>());
        builder.Services.AddLogging().AddSingleton(TimeProvider.System).AddSingleton(Random.Shared);
        builder.Services.AddSophiaStorage(storage => storage.DataFolder = folder, database is null ? null : postgres => (postgres.Connection, postgres.OwnerConnection) = (database.Silo, database.Owner));
        builder.Services.AddSophiaQueues(options => (options.Places, options.MaxLeased, options.MaxDepth) = (places, 4 * places, 10_000_000));
        builder.Services.AddSingleton<IWorkHandler>(counting);
        var host = builder.Build();
        await host.StartAsync();
        using var _ = CallerContext.ForSystem("bench");
        await host.Services.GetRequiredService<IGrainFactory>().GetGrain<ITenantDirectoryGrain>(TenantKey.System).Add(Tenant);
        return new SophiaQueue(host, folder, database, counting);
    }

    /// <summary>Jobs a second that were durable before their producer went on, into a queue that gives nothing out.</summary>
    public async Task<double> PutIn(int jobs, int producers, int atOnce)
    {
        await As(queue => queue.Hold(WorkLimits.OwnQueue, "bench", "bench"));
        var clock = Stopwatch.StartNew();
        await Put(jobs, producers, atOnce);
        return jobs / clock.Elapsed.TotalSeconds;
    }

    /// <summary>Jobs a second from the moment when the queue is let go until the last one is done on the disk.</summary>
    public async Task<double> Drain()
    {
        var waiting = (await Counts()).Pending;
        var done = counting.Wait(waiting);
        var clock = Stopwatch.StartNew();
        await As(queue => queue.LetGo(WorkLimits.OwnQueue, "bench", "bench"));
        await done;
        await Ended();
        return waiting / clock.Elapsed.TotalSeconds;
    }

    public async Task<double> Both(int jobs, int producers)
    {
        var done = counting.Wait(jobs);
        var clock = Stopwatch.StartNew();
        await Put(jobs, producers, 1);
        await done;
        await Ended();
        return jobs / clock.Elapsed.TotalSeconds;
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
        Directory.Delete(folder, recursive: true);
        database?.Dispose();
    }

    private Task Put(int jobs, int producers, int atOnce)
    {
        var left = jobs / atOnce;
        var work = Enumerable.Repeat(new NewWork(WorkLimits.OwnQueue, Counting.OwnKind, payload), atOnce).ToArray();
        return Task.WhenAll(Enumerable.Range(0, producers).Select(_ => Task.Run(async () =>
        {
            using var caller = CallerContext.For(Tenant);
            var queue = Queue;
            while (Interlocked.Decrement(ref left) >= 0)
                if ((await queue.Enqueue(work, CancellationToken.None)).Any(answer => answer.State != EnqueueState.Accepted))
                    throw new InvalidOperationException("A job was not taken.");
        })));
    }

    // The handler has seen the last one; its end is on the disk a moment later.
    private async Task Ended()
    {
        while (await Counts() is { Pending: > 0 } or { Leased: > 0 })
            await Task.Yield();
        if (await Counts() is var counts && (counts.Dead + counts.Quarantined > 0 || counts.Accepted != counts.Done))
            throw new InvalidOperationException($"{counts}");
    }

    private async Task<QueueView> Counts() => (await As(queue => queue.View())).Single(queue => queue.Queue == WorkLimits.OwnQueue);

    private async Task<T> As<T>(Func<IWorkQueueGrain, Task<T>> ask)
    {
        using var _ = CallerContext.For(Tenant);
        return await ask(Queue);
    }

    private async Task As(Func<IWorkQueueGrain, Task> ask)
    {
        using var _ = CallerContext.For(Tenant);
        await ask(Queue);
    }

    /// <summary>Does nothing but look at the payload.</summary>
    private sealed class Counting : IWorkHandler
    {
        public const string OwnKind = "count";

        private TaskCompletionSource all = new();
        private long left = long.MaxValue;

        public string Kind => OwnKind;

        public Task Wait(long jobs)
        {
            all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref left, jobs);
            return all.Task;
        }

        public Task<WorkVerdict> Do(TenantId tenant, Work work, CancellationToken cancellation)
        {
            if (work.Payload.Length != 1_000)
                throw new InvalidOperationException("Another payload.");
            if (Interlocked.Decrement(ref left) == 0)
                all.SetResult();
            return Task.FromResult(WorkVerdict.Done);
        }
    }
}
