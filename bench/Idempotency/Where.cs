using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace Sophia.Bench;

/// <summary>Where the time of a turn went: commits of the store, how many writes shared one, how long they took, and what the process computed.</summary>
internal sealed class Where : IDisposable
{
    private readonly MeterListener listener = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly TimeSpan computedBefore = Environment.CpuUsage.TotalTime;
    private readonly long allocatedBefore = GC.GetTotalAllocatedBytes();
    private readonly Lock gate = new();
    private int commits, writes;
    private double seconds;

    public Where()
    {
        listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Name is "sophia.commit.duration" or "sophia.commit.writes")
                listener.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((_, took, _, _) =>
        {
            lock (gate)
                (commits, seconds) = (commits + 1, seconds + took);
        });
        listener.SetMeasurementEventCallback<int>((_, count, _, _) =>
        {
            lock (gate)
                writes += count;
        });
        listener.Start();
    }

    public void Dispose() => listener.Dispose();

    /// <param name="operations">A second.</param>
    public string Of(double operations)
    {
        var computed = (Environment.CpuUsage.TotalTime - computedBefore).TotalSeconds / clock.Elapsed.TotalSeconds;
        lock (gate)
            return string.Create(CultureInfo.InvariantCulture,
                $"{commits / clock.Elapsed.TotalSeconds:N0} commits/s of {writes / Math.Max(1.0, commits):0.0} writes, {seconds / Math.Max(1, commits) * 1_000:0.00} ms each; {computed:0.0} cores computing, {computed / operations * 1_000_000:0} µs and {(GC.GetTotalAllocatedBytes() - allocatedBefore) / clock.Elapsed.TotalSeconds / operations / 1024:0.0} KiB an operation");
    }
}
