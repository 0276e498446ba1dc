namespace Orleans.InProcess;

/// <summary>The calls that wait for an answer; once a second those past their deadline end with <see cref="TimeoutException"/>.</summary>
/// <remarks>Split into shards, each a list under a short lock, so that callers on several cores rarely meet.</remarks>
internal sealed class PendingCalls(Silo silo) : IDisposable
{
    private const int ShardCount = 16;

    private readonly LinkedList<Message>[] _shards = [.. Enumerable.Range(0, ShardCount).Select(_ => new LinkedList<Message>())];
    private ITimer? _sweep;
    private uint _next;

    public void Start()
    {
        var every = TimeSpan.FromTicks(Math.Clamp(silo.Messaging.ResponseTimeout.Ticks / 4, TimeSpan.TicksPerMillisecond, TimeSpan.TicksPerSecond));
        _sweep = silo.MessagingTime.CreateTimer(static self => ((PendingCalls)self!).Sweep(), this, every, every);
    }

    public void Add(Message message)
    {
        var time = silo.MessagingTime;
        message.Deadline = time.GetTimestamp() + (long)(message.Timeout.TotalSeconds * time.TimestampFrequency);
        message.Waiting = new(message);
        var shard = _shards[Interlocked.Increment(ref _next) % ShardCount];
        lock (shard)
            shard.AddLast(message.Waiting);
    }

    public void Remove(Message message)
    {
        if (message.Waiting is not { List: { } shard } node)
            return;
        lock (shard)
        {
            if (node.List is not null)
                shard.Remove(node);
        }
    }

    public void Dispose() => _sweep?.Dispose();

    /// <summary>Ends some of the calls that wait.</summary>
    public void Fail(Predicate<Message> which, Func<Message, Exception> why)
    {
        foreach (var message in Snapshot())
        {
            if (which(message))
                message.Fail(why(message));
        }
    }

    private void Sweep()
    {
        var now = silo.MessagingTime.GetTimestamp();
        var waiting = Snapshot();
        foreach (var message in waiting)
        {
            if (message.Deadline > now)
                continue;
            message.Fail(new TimeoutException(
                $"Response did not arrive on time in {message.Timeout} for {message.Subject} on {message.Target}; its outcome is unknown."
                + CallCycle.Describe(message, Everywhere(waiting))));
            if (silo.Messaging.CancelRequestOnTimeout)
                message.Abandon();
        }
    }

    // A ring may go through several silos.
    private List<Message> Everywhere(List<Message> here) => silo.Cluster.Membership.IsSpread
        ? [.. silo.Cluster.Membership.Running().SelectMany(other => other == silo ? here : other.Calls.Pending.Snapshot())]
        : here;

    private List<Message> Snapshot()
    {
        List<Message> all = [];
        foreach (var shard in _shards)
        {
            lock (shard)
                all.AddRange(shard);
        }
        all.Sort(static (a, b) => a.Deadline.CompareTo(b.Deadline));
        return all;
    }
}
