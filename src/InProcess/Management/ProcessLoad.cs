using Orleans.Statistics;

namespace Orleans.InProcess.Management;

/// <summary>What the process uses, measured from one question to the next; the silos of one process share it. It reaches nobody but whoever asks.</summary>
internal sealed class ProcessLoad(TimeProvider time)
{
    /// <summary>Over less than this a share of processors says nothing.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private long _at = time.GetTimestamp();
    private TimeSpan _used = Used;
    private float _percent;

    private static TimeSpan Used => OperatingSystem.IsLinux() || OperatingSystem.IsMacOS() || OperatingSystem.IsWindows() ? Environment.CpuUsage.TotalTime : TimeSpan.Zero;

    public EnvironmentStatistics Now()
    {
        lock (_gate)
        {
            if (time.GetElapsedTime(_at) is var passed && passed >= Least)
            {
                var used = Used;
                _percent = (float)Math.Clamp(100 * (used - _used) / (passed * Environment.ProcessorCount), 0, 100);
                (_at, _used) = (time.GetTimestamp(), used);
            }
            return new(_percent, GC.GetTotalMemory(forceFullCollection: false), GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        }
    }
}
