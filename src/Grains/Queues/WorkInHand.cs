using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>What a process's workers have in hand: places, leases, and what is still to be told to the dispatcher. Used by many threads.</summary>
internal sealed class WorkInHand(int places)
{
    private readonly Lock gate = new();
    private readonly Dictionary<LeaseToken, Lease> leases = [];
    private readonly Dictionary<TenantId, (int Ended, TimeSpan Busy)> efforts = [];
    private readonly HashSet<Task> running = [];
    private List<GrantOutcome> outcomes = [];
    private TaskCompletionSource room = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int used;

    public int Free
    {
        get
        {
            lock (gate)
                return places - used;
        }
    }

    /// <summary>Completes when so many places are free.</summary>
    public async Task Room(int free, CancellationToken cancellation)
    {
        while (true)
        {
            Task freed;
            lock (gate)
            {
                if (places - used >= free)
                    return;
                freed = room.Task;
            }
            await freed.WaitAsync(cancellation);
        }
    }

    public void Reserve(int items)
    {
        lock (gate)
            used += items;
    }

    public void Release(int items)
    {
        if (items <= 0)
            return;
        TaskCompletionSource freed;
        lock (gate)
        {
            used -= items;
            (freed, room) = (room, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        freed.SetResult();
    }

    /// <summary>Remembers a task until it ends; it never fails.</summary>
    public void Run(Task task)
    {
        lock (gate)
            running.Add(task);
        task.ContinueWith(ended =>
        {
            lock (gate)
                running.Remove(ended);
        }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Completes when nothing is in hand any more.</summary>
    public async Task Empty()
    {
        while (true)
        {
            Task[] left;
            lock (gate)
                left = [.. running];
            if (left.Length == 0)
                return;
            await Task.WhenAll(left);
        }
    }

    public Lease Begin(TenantId tenant, Work work, CancellationToken stopping)
    {
        var lease = new Lease(tenant, CancellationTokenSource.CreateLinkedTokenSource(stopping));
        lock (gate)
            leases[work.Token] = lease;
        return lease;
    }

    public void End(TenantId tenant, Work work, TimeSpan took)
    {
        lock (gate)
        {
            leases.Remove(work.Token);
            var so = efforts.GetValueOrDefault(tenant);
            efforts[tenant] = (so.Ended + 1, so.Busy + took);
        }
        Release(1);
    }

    public void Lost(LeaseToken token)
    {
        Lease? lease;
        lock (gate)
            leases.TryGetValue(token, out lease);
        lease?.Lose();
    }

    /// <summary>Those that are worth renewing: a lease that was lost, or whose work has had its time, is left to end, whether or not its work stops.</summary>
    public IReadOnlyList<(TenantId Tenant, IReadOnlyList<LeaseToken> Tokens)> Leases()
    {
        lock (gate)
            return [.. leases.Where(one => !one.Value.Token.IsCancellationRequested).GroupBy(one => one.Value.Tenant).Select(of => (of.Key, (IReadOnlyList<LeaseToken>)[.. of.Select(one => one.Key)]))];
    }

    public void Told(GrantOutcome outcome)
    {
        lock (gate)
            outcomes.Add(outcome);
    }

    public IReadOnlyList<GrantOutcome> Outcomes()
    {
        lock (gate)
        {
            var told = outcomes;
            outcomes = [];
            return told;
        }
    }

    public IReadOnlyList<TenantEffort> Efforts()
    {
        lock (gate)
        {
            TenantEffort[] told = [.. efforts.Select(one => new TenantEffort(one.Key, one.Value.Ended, one.Value.Busy))];
            efforts.Clear();
            return told;
        }
    }

    /// <summary>An item's lease in this process; its token is cancelled when the lease is lost, or given up because its work takes too long.</summary>
    internal sealed class Lease(TenantId tenant, CancellationTokenSource source) : IDisposable
    {
        private int disposed;

        public TenantId Tenant => tenant;

        public CancellationToken Token { get; } = source.Token;

        public void Lose()
        {
            try
            {
                if (Volatile.Read(ref disposed) == 0)
                    source.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It ended at the same moment.
            }
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref disposed, 1) == 0)
                source.Dispose();
        }
    }
}
