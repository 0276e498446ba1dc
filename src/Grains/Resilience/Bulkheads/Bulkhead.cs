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

    /// <summary>Whether somebody who came now would be refused.</summary>
    public bool IsFull
    {
        get
        {
            lock (gate)
                return !HasRoom && line.Count >= bound.Waiting;
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
        try
        {
            await own.Value.Task.WaitAsync(bound.LongestWait, time, cancellation);
        }
        catch (Exception over) when (over is TimeoutException or OperationCanceledException)
        {
            if (!GaveUp(own))
                if (over is TimeoutException)
                    return new BulkheadEntry(new Place(this, time.GetTimestamp())); // It was given in this moment.
                else
                    Left(time.GetTimestamp());
            if (over is TimeoutException)
                return new BulkheadEntry(BulkheadRefusal.Late, RetryAt());
            throw;
        }
        return new BulkheadEntry(new Place(this, time.GetTimestamp()));
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

    private bool GaveUp(LinkedListNode<Waiter> own)
    {
        lock (gate)
        {
            if (own.Value.IsGiven)
                return false;
            line.Remove(own);
            late++;
            return true;
        }
    }

    private void Left(long since)
    {
        lock (gate)
        {
            meanSeconds += (time.GetElapsedTime(since).TotalSeconds - meanSeconds) / 8;
            if (line.First is not { } next)
            {
                inside--;
                return;
            }
            line.RemoveFirst();
            entered++;
            waited++;
            next.Value.Give();
        }
    }

    private sealed class Waiter
    {
        private readonly TaskCompletionSource given = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => given.Task;

        /// <summary>Read and written under the bulkhead's lock.</summary>
        public bool IsGiven { get; private set; }

        public void Give()
        {
            IsGiven = true;
            given.SetResult();
        }
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
