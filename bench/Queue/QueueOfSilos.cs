using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Sophia.Queues;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Bench;

/// <summary>A queue of a cluster as a program uses it: put in, leased and ended through a front end. A queue's grain lives in one silo, so that several silos share the work of several tenants.</summary>
internal sealed class QueueOfSilos(IServiceProvider frontEnd, int tenants)
{
    private const string Queue = "bench";

    private readonly IGrainFactory grains = frontEnd.GetRequiredService<IGrainFactory>();
    private readonly string payload = $"\"{new string('x', 998)}\"";

    /// <summary>Jobs a second that were durable before their producer went on.</summary>
    public async Task<double> PutIn(int jobs, int producers, int atOnce)
    {
        var clock = Stopwatch.StartNew();
        await Put(jobs, producers, atOnce);
        return jobs / clock.Elapsed.TotalSeconds;
    }

    /// <summary>Jobs a second until the last one is done on the disk.</summary>
    /// <param name="atOnce">Jobs that a caller leases and ends together.</param>
    public async Task<double> Drain(int jobs, int callers, int atOnce)
    {
        var clock = Stopwatch.StartNew();
        await Take(jobs, callers, atOnce);
        return jobs / clock.Elapsed.TotalSeconds;
    }

    public async Task<double> Both(int jobs, int callers)
    {
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Take(jobs, callers / 2, 1), Put(jobs, callers / 2, 1));
        return jobs / clock.Elapsed.TotalSeconds;
    }

    private Task Put(int jobs, int producers, int atOnce)
    {
        var left = jobs / atOnce;
        var work = Enumerable.Repeat(new NewWork(Queue, "count", payload), atOnce).ToArray();
        return Task.WhenAll(Enumerable.Range(0, producers).Select(number => Task.Run(async () =>
        {
            using var caller = CallerContext.For(Tenant(number));
            var queue = Of(number);
            while (Interlocked.Decrement(ref left) >= 0)
                if ((await queue.Enqueue(work, CancellationToken.None)).Any(answer => answer.State != EnqueueState.Accepted))
                    throw new InvalidOperationException("A job was not taken.");
        })));
    }

    private Task Take(int jobs, int callers, int atOnce)
    {
        var left = jobs;
        return Task.WhenAll(Enumerable.Range(0, callers).Select(number => Task.Run(async () =>
        {
            using var caller = CallerContext.For(Tenant(number));
            var queue = Of(number);
            while (Volatile.Read(ref left) > 0)
            {
                var leased = await queue.Lease(new LeaseRequest(Queue, "bench", atOnce), CancellationToken.None);
                if (leased.Items.Count == 0)
                {
                    await Task.Delay(2);
                    continue;
                }
                if (leased.Items.Any(work => work.Payload.Length != 1_000))
                    throw new InvalidOperationException("Another payload.");
                if ((await queue.Finish(Queue, [.. leased.Items.Select(work => new WorkResult(work.Token, WorkEnd.Done))], CancellationToken.None)).Any(end => end != FinishAnswer.Done))
                    throw new InvalidOperationException("A job was not ended.");
                Interlocked.Add(ref left, -leased.Items.Count);
            }
        })));
    }

    private IWorkQueueGrain Of(int number) => grains.GetGrain<IWorkQueueGrain>(TenantKey.Of(Tenant(number)));

    private TenantId Tenant(int number) => TenantId.Parse($"bench-{number % tenants}");
}
