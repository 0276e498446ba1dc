using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>All copies of truths that this process decides by, a silo and a front end alike: one exchange per key in use every few seconds, and at once where something is urgent.</summary>
/// <remarks>
/// <para>One loop looks at all keys, so that ten thousand keys cost no timer each; it starts the exchanges that are due, a bounded number at a time, and waits for none of them. A truth that cannot be
/// reached is asked again and again, and meanwhile its copy grows old, which whoever decides by it can see.</para>
/// <para>Pushes are only quicker than the exchange, never needed: one that is lost, or comes late or twice, is told by its version.</para>
/// </remarks>
internal sealed partial class Replicas(IServiceProvider services, IOptions<ReplicaOptions> options, TimeProvider time, ILogger<Replicas> logger, ITenantGate? gate = null) : IHostedService, ITenantCopies, IDisposable
{
    /// <summary>Between two looks at the keys: how late an exchange may begin.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<(string Kind, string Key), Replica> all = new();
    private readonly CancellationTokenSource lifetime = new();
    private readonly Lock starting = new();
    private TaskCompletionSource woken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ReplicaCaller? caller;
    private ITimer? clock;
    private Task looking = Task.CompletedTask;
    private long reports;
    private int atOnce;
    private volatile bool areWaiting;
    private int blind;

    /// <summary>Keys that are kept fresh now.</summary>
    public int Count => all.Count;

    /// <summary>This process's copy of a truth, the same one for all that ask; kept fresh from now on, for as long as it is used.</summary>
    public Replica<TCopy> Get<TCopy>(ReplicaKind<TCopy> kind, string key) where TCopy : class
    {
        if (all.TryGetValue((kind.Name, key), out var known))
            return (Replica<TCopy>)known;
        var made = (Replica<TCopy>)all.GetOrAdd((kind.Name, key), static (_, asked) => new Replica<TCopy>(asked.kind, asked.key, asked.owner, asked.time).BegunAt(asked.time.GetTimestamp()), (owner: this, kind, key, time));
        Wake();
        return made;
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        clock = time.CreateTimer(static self => ((Replicas)self!).Tick(), this, LookEvery, LookEvery);
        looking = Look();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await lifetime.CancelAsync();
        Wake();
        await looking;
        using var within = new CancellationTokenSource(options.Value.LeavesWithin, time);
        try
        {
            await Leave(within.Token).WaitAsync(within.Token);
        }
        catch (Exception failure)
        {
            LogNotLeft(failure.Message);
        }
    }

    public void Dispose()
    {
        clock?.Dispose();
        lifetime.Dispose();
    }

    public bool HoldsRecords => false;

    /// <summary>A tenant that ended has no truths any more: asking for one would wake its grain.</summary>
    public void Forget(TenantId tenant)
    {
        foreach (var (at, replica) in all)
            if (replica.Tenant == tenant)
                LetGo(at, replica);
    }

    /// <summary>Tenants of whose truths this process keeps copies: those that it works for. In their order.</summary>
    public IReadOnlyList<TenantId> TenantsInUse(int most) =>
        [.. all.Values.Select(static replica => replica.Tenant?.Value).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(most).Select(TenantId.Parse)];

    /// <summary>Reports of this process are numbered together: a key that was let go and is used again goes on above what its grain remembers.</summary>
    internal long NextReport() => Interlocked.Increment(ref reports);

    /// <summary>Has the loop look now.</summary>
    internal void Wake() => Volatile.Read(ref woken).TrySetResult();

    private void Tick()
    {
        if (!all.IsEmpty)
            Wake();
    }

    private async Task Look()
    {
        while (!lifetime.IsCancellationRequested)
        {
            await Volatile.Read(ref woken).Task;
            Volatile.Write(ref woken, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            var now = time.GetTimestamp();
            var due = new List<Replica>();
            foreach (var (at, replica) in all)
                if (!IsKept(replica, now))
                    LetGo(at, replica);
                else if (IsDue(replica, now))
                    due.Add(replica);
            var left = due.Count;
            foreach (var replica in ReplicaTurns.Order(due, now, Ticks(options.Value.HurriedEvery), Ticks(options.Value.ExchangeEvery)))
                if (replica.IsAlwaysKept || atOnce < options.Value.MaxAtOnce)
                {
                    Begin(replica, now);
                    replica.LastExchange = Exchange(replica);
                    left--;
                }
            areWaiting = left > 0;
        }
    }

    private bool IsKept(Replica replica, long now)
    {
        if (replica.TakeUsed() || replica.IsAlwaysKept)
            replica.UsedAt = now;
        return time.GetElapsedTime(replica.UsedAt, now) < options.Value.KeepFor && !(replica.Tenant is { } tenant && gate?.IsEnded(tenant) == true);
    }

    private bool IsDue(Replica replica, long now) => !replica.IsExchanging
        && (now >= replica.NextAt || (replica.IsHurried && time.GetElapsedTime(replica.StartedAt, now) >= options.Value.HurriedEvery));

    private void Begin(Replica replica, long now)
    {
        Interlocked.Increment(ref atOnce);
        (replica.IsExchanging, replica.StartedAt) = (true, now);
        replica.MarkHurried(false);
    }

    private async Task Exchange(Replica replica)
    {
        var pause = options.Value.ExchangeEvery < replica.ExchangeEvery ? options.Value.ExchangeEvery : replica.ExchangeEvery;
        try
        {
            using var _ = CallerContext.ForSystem("exchange of copies");
            await replica.Exchange(Caller(), lifetime.Token);
            if (Interlocked.Exchange(ref blind, 0) == 1)
                LogSeeing();
        }
        catch (Exception failure)
        {
            pause = options.Value.RetryAfter;
            if (!lifetime.IsCancellationRequested && Interlocked.Exchange(ref blind, 1) == 0)
                LogBlind(replica.Kind, replica.Key, failure.Message);
        }
        replica.NextAt = time.GetTimestamp() + Ticks(pause);
        replica.IsExchanging = false;
        // Those that wait for a place need not wait for the clock; half of the places are worth a look at all keys.
        if (Interlocked.Decrement(ref atOnce) == options.Value.MaxAtOnce / 2 && areWaiting || replica.IsHurried)
            Wake();
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    private async Task Leave(CancellationToken cancellation)
    {
        using var _ = CallerContext.ForSystem("what a process gives back");
        foreach (var some in all.Values.Where(static replica => replica.Leaves()).Chunk(options.Value.MaxAtOnce))
            await Task.WhenAll(some.Select(async replica =>
            {
                await replica.LastExchange; // Cancelled, but it may have begun a report.
                try
                {
                    await replica.Exchange(Caller(), cancellation);
                }
                catch (Exception failure) when (!cancellation.IsCancellationRequested)
                {
                    LogNotLeft(failure.Message); // What one truth refuses, the others still hear.
                }
            }));
    }

    private void LetGo((string, string) at, Replica replica)
    {
        replica.LetGo();
        all.TryRemove(new KeyValuePair<(string, string), Replica>(at, replica));
    }

    // Made with the first exchange: by then the process is part of its cluster. The observer's reference has a name that nobody else has, and so has the process.
    private ReplicaCaller Caller()
    {
        lock (starting)
        {
            if (caller is not null)
                return caller;
            var grains = services.GetRequiredService<IGrainFactory>();
            inbox = new Inbox(all);
            var reference = grains.CreateObjectReference<IReplicaObserver>(inbox);
            var name = options.Value.ProcessName ?? services.GetService<ILocalSiloDetails>()?.Name ?? Environment.MachineName;
            return caller = new ReplicaCaller(grains, reference.GetGrainId().ToString(), name, reference);
        }
    }

    // The reference holds it weakly.
    private Inbox? inbox;

    private sealed class Inbox(ConcurrentDictionary<(string Kind, string Key), Replica> all) : IReplicaObserver
    {
        public Task Changed(string kind, string key, ReplicaCopy copy)
        {
            if (all.TryGetValue((kind, key), out var replica))
                replica.Pushed(copy);
            return Task.CompletedTask;
        }
    }

    [LoggerMessage(5101, LogLevel.Warning, "What this process decides by cannot be kept fresh ({Kind} of {Key} and perhaps others), and is asked for again and again: {Reason}")]
    private partial void LogBlind(string kind, string key, string reason);

    [LoggerMessage(5103, LogLevel.Information, "Not every share of a limit that this process had could be given back; they are free when their leases end: {Reason}")]
    private partial void LogNotLeft(string reason);

    [LoggerMessage(5102, LogLevel.Information, "What this process decides by is fresh again")]
    private partial void LogSeeing();
}
