namespace Sophia.Resilience;

/// <summary>Times of requests, counted between bounds, so that those of several processes can be added. Pure.</summary>
internal static class LatencyBuckets
{
    /// <summary>Lower bounds in ms.</summary>
    private static readonly double[] Bounds = [0, 5, 10, 25, 50, 100, 200, 300, 500, 1_000, 2_000, 5_000, 10_000, 30_000];

    public static int Count => Bounds.Length;

    public static int Of(TimeSpan took)
    {
        var bucket = Bounds.Length - 1;
        while (bucket > 0 && took.TotalMilliseconds < Bounds[bucket])
            bucket--;
        return bucket;
    }

    /// <summary>The lower bound of the bucket that holds the 95th percentile, in ms; 0 where there are none.</summary>
    public static double P95(IReadOnlyList<long> times)
    {
        var left = (times.Sum() * 5 + 99) / 100; // The slowest twentieth, rounded up.
        for (var bucket = times.Count - 1; bucket > 0; bucket--)
            if (times[bucket] > 0 && (left -= times[bucket]) <= 0)
                return Bounds[bucket];
        return 0;
    }
}
