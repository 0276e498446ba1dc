using System.Diagnostics.Metrics;

namespace Sophia.Operations;

/// <summary>What this process has and waits for, where .NET's own meter does not say it as a value that rises and falls.</summary>
internal static class ProcessMeter
{
    public const string Name = "Sophia.Process";

    /// <summary>Read only when somebody scrapes; kept for as long as the meter is used.</summary>
    public static Meter Create()
    {
        var meter = new Meter(Name);
        meter.CreateObservableGauge("sophia.process.cpus", static () => Environment.ProcessorCount, "{cpu}", "Processors that this process may use.");
        meter.CreateObservableGauge("sophia.process.memory.limit", static () => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, "By", "Memory that this process may use: its container's limit, else the machine's.");
        meter.CreateObservableGauge("sophia.process.threads", static () => ThreadPool.ThreadCount, "{thread}", "Threads of the pool.");
        meter.CreateObservableGauge("sophia.process.waiting_work", static () => ThreadPool.PendingWorkItemCount, "{item}", "Work that waits for a thread of the pool.");
        return meter;
    }
}
