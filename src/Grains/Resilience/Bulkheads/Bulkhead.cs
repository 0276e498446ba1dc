namespace Sophia.Resilience;

/// <param name="Places">How many at a time.</param>
/// <param name="Waiting">How many may wait for a place.</param>
/// <param name="LongestWait">How long each may; infinite: as long as it takes.</param>
public sealed record BulkheadBound(int Places, int Waiting, TimeSpan LongestWait);

/// <summary>So many at a time, so many waiting, first come first served; whoever comes on top is refused. For any thread, and for grains: who waits goes on where he waited.</summary>
internal sealed class Bulkhead(BulkheadBound bound, TimeProvider time)
{
    private static readonly TimeSpan Soonest = TimeSpan.FromSeconds(1), Latest = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly LinkedList<Waiter> line = [];
    private int inside;
    private long entered, waited, full, late, usedAt = time.GetTimestamp();
    private double meanSeconds;

    public BulkheadBound Bound => bound;

    public BulkheadCounts Counts
    {
        get
        {
            lock (gate)
                return new BulkheadCounts(inside, line.Count, entered, waited, full, late);
        }
    }

    public bool IsIdleFor(TimeSpan span)
    {
        lock (gate)
            return inside == 0 && line.Count == 0 && time.GetElapsedTime(usedAt) > span;
    }

    /// <summary>Whether somebody who came now would be refused, and counts him where he would.</summary>
    public bool RefusesNow()
    {
        lock (gate)
        {
            if (HasRoom || line.Count < bound.Waiting)
                return false;
            full++;
            return true;
        }
    }

    public async ValueTask<BulkheadEntry> Enter(CancellationToken cancellation)
    {
        LinkedListNode<Waiter> own;
        lock (gate)
        {
            usedAt = time.GetTimestamp();
            if (HasRoom)
            {
                inside++;
                entered++;
                return new BulkheadEntry(new Place(this, usedAt));
            }
            if (line.Count >= bound.Waiting)
            {
                full++;
                return new BulkheadEntry(BulkheadRefusal.Full, RetryAt());
            }
            own = line.AddLast(new Waiter());
        }
        // Told directly, not by way of another task: whoever waits goes on where he waited without a detour.
        await using var clock = time.CreateTimer(_ => GiveUp(own), null, bound.LongestWait, Timeout.InfiniteTimeSpan);
        using var leave = cancellation.UnsafeRegister(_ => GiveUp(own), null);
        if (await own.Value.Task)
            return new BulkheadEntry(new Place(this, time.GetTimestamp()));
        cancellation.ThrowIfCancellationRequested();
        return new BulkheadEntry(BulkheadRefusal.Late, RetryAt());
    }

    public DateTimeOffset RetryAt()
    {
        lock (gate)
        {
            var wait = TimeSpan.FromSeconds((line.Count + 1) * meanSeconds / bound.Places);
            return time.GetUtcNow() + (wait < Soonest ? Soonest : wait > Latest ? Latest : wait);
        }
    }

    private bool HasRoom => inside < bound.Places && line.Count == 0;

    private void GiveUp(LinkedListNode<Waiter> own)
    {
        lock (gate)
        {
            if (own.List is null)
                return; // He has his place, or has given up.
            line.Remove(own);
            late++;
        }
        own.Value.End(hasPlace: false);
    }

    private void Left(long since)
    {
        Waiter next;
        lock (gate)
        {
            meanSeconds += (time.GetElapsedTime(since).TotalSeconds - meanSeconds) / 8;
            if (line.First is not { } first)
            {
                inside--;
                return;
            }
            next = first.Value;
            line.RemoveFirst();
            entered++;
            waited++;
        }
        next.End(hasPlace: true);
    }

    private sealed class Waiter
    {
        private readonly TaskCompletionSource<bool> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Whether he got a place.</summary>
        public Task<bool> Task => ended.Task;

        public void End(bool hasPlace) => ended.SetResult(hasPlace);
    }

    private sealed class Place(Bulkhead of, long since) : IDisposable
    {
        private int left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref left, 1) == 0)
                of.Left(since);
        }
    }
}

/// <summary>Why a bulkhead lets nobody in.</summary>
internal enum BulkheadRefusal
{
    None = 0,

    /// <summary>As many wait as may.</summary>
    Full = 1,

    /// <summary>No place came free in time.</summary>
    Late = 2,
}

/// <summary>A place, or why there is none.</summary>
internal readonly struct BulkheadEntry
{
    public BulkheadEntry(IDisposable place) => Place = new BulkheadPlace(place);

    public BulkheadEntry(BulkheadRefusal refusal, DateTimeOffset retryAt) => (Refusal, RetryAt) = (refusal, retryAt);

    public BulkheadPlace Place { get; }

    public BulkheadRefusal Refusal { get; }

    public DateTimeOffset RetryAt { get; }
}

/// <param name="Entered">Ever since this process began, as all that follows.</param>
internal readonly record struct BulkheadCounts(int Inside, int InLine, long Entered, long Waited, long Full, long Late);
