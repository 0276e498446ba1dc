using System.Collections.Concurrent;

namespace Sophia.Resilience;

/// <summary>Holds each tenant to the reads a second that its level lets through, over HTTP and over the hub together; in this process alone.</summary>
internal sealed class ReadBounds(IFeatures features, TimeProvider time) : ITenantCopies
{
    private readonly ConcurrentDictionary<TenantId, RequestBound> bounds = new();

    public bool HoldsRecords => false;

    /// <exception cref="RefusedException">Busy, with the time: as many were taken within the last second as the level lets through.</exception>
    public void Check(TenantId tenant)
    {
        var offered = features.Of(tenant);
        if (offered.Effects.RequestsPerSecond is { } most && bounds.GetOrAdd(tenant, static (_, time) => new RequestBound(time), time).TryTake(most) is { } wait)
            throw new RefusedException(RefusalCode.Busy, $"At most {most} requests a second are taken for now: {offered.Because}.", retryAt: time.GetUtcNow() + wait);
    }

    public void Forget(TenantId tenant) => bounds.TryRemove(tenant, out _);
}

/// <summary>So many requests within any second, wherever it begins; what was taken counts a tenth of a second too long at most. For any thread.</summary>
internal sealed class RequestBound(TimeProvider time)
{
    private const int Segments = 10;

    private static readonly TimeSpan Segment = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly long began = time.GetTimestamp();
    private readonly int[] taken = new int[Segments + 1]; // The one under way, and those that may hold a part of the last second.
    private long current;

    /// <summary>Null: taken; else how long until a place may be free.</summary>
    public TimeSpan? TryTake(int most)
    {
        lock (gate)
        {
            var since = time.GetElapsedTime(began);
            Move(since.Ticks / Segment.Ticks);
            if (taken.Sum() >= most)
                return Segment * (Oldest() + Segments + 1) - since;
            taken[current % taken.Length]++;
            return null;
        }
    }

    private void Move(long to)
    {
        for (var passed = Math.Max(current + 1, to - Segments); passed <= to; passed++)
            taken[passed % taken.Length] = 0;
        current = Math.Max(current, to);
    }

    private long Oldest()
    {
        var segment = current - Segments;
        while (segment < 0 || (segment < current && taken[segment % taken.Length] == 0))
            segment++;
        return segment;
    }
}
