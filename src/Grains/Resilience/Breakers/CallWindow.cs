namespace Sophia.Resilience;

/// <summary>Calls of the last while, in tenths that slide, and failures in a row. Any thread records; nobody waits but whoever opens the next tenth.</summary>
/// <remarks>Counting is exact where one thread counts. Where several do at the very moment at which a tenth begins, a call may be counted in the tenth before: that is one call in a window, and no lock on each.</remarks>
internal sealed class CallWindow
{
    private const int Parts = 10;

    private readonly Lock gate = new();
    private readonly Part[] parts = [.. Enumerable.Range(0, Parts).Select(_ => new Part())];
    private readonly long partLength;
    private volatile Part current;
    private int at;
    private int consecutive;

    public CallWindow(TimeSpan length, TimeProvider time)
    {
        partLength = Math.Max(1, (long)(length.TotalSeconds * time.TimestampFrequency / Parts));
        current = parts[0];
        current.EndsAt = time.GetTimestamp() + partLength;
    }

    public void Succeeded(long now)
    {
        Interlocked.Increment(ref Now(now).Calls);
        if (Volatile.Read(ref consecutive) != 0)
            Volatile.Write(ref consecutive, 0);
    }

    public void Slow(long now)
    {
        Interlocked.Increment(ref Now(now).Slow);
        Succeeded(now);
    }

    public void Failed(long now, bool slow)
    {
        var part = Now(now);
        Interlocked.Increment(ref part.Failures);
        if (slow)
            Interlocked.Increment(ref part.Slow);
        Interlocked.Increment(ref part.Calls);
        Interlocked.Increment(ref consecutive);
    }

    public CallCounts Counts(long now)
    {
        Now(now);
        lock (gate)
            return new CallCounts(parts.Sum(static part => part.Calls), parts.Sum(static part => part.Failures), parts.Sum(static part => part.Slow), Volatile.Read(ref consecutive));
    }

    public void Clear()
    {
        lock (gate)
        {
            foreach (var part in parts)
                part.Clear();
            Volatile.Write(ref consecutive, 0);
        }
    }

    private Part Now(long now)
    {
        var part = current;
        return now < part.EndsAt ? part : Slide(now);
    }

    private Part Slide(long now)
    {
        lock (gate)
        {
            for (var steps = 0; now >= current.EndsAt; steps++)
            {
                var endsAt = steps < Parts ? current.EndsAt + partLength : now + partLength; // After a long silence nothing of the window is left.
                at = (at + 1) % Parts;
                parts[at].Clear();
                parts[at].EndsAt = endsAt;
                current = parts[at];
            }
            return current;
        }
    }

    private sealed class Part
    {
        public int Calls, Failures, Slow;
        public long EndsAt;

        public void Clear() => Calls = Failures = Slow = 0;
    }
}
