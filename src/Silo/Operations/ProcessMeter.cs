using System.Diagnostics.Metrics;

namespace Sophia.Operations;

/// <summary>What this process has and waits for, where .NET's own meter does not say it as a value that rises and falls.</summary>
internal static class ProcessMeter
{
    public const string Name = "Sophia.Process";

    /// <summary>One for the process, however many Sophias run in it: two meters of one name would say every value twice. Read only when somebody scrapes.</summary>
    public static Meter Instance { get; } = Create();

    private static Meter Create()
    {
        var meter = new Meter(Name);
        meter.CreateObservableGauge("sophia.process.cpus", static () => Environment.ProcessorCount, "{cpu}", "Processors that this process may use.");
        meter.CreateObservableGauge("sophia.process.memory.limit", static () => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, "By", "Memory that this process may use: its container's limit, else the machine's.");
        meter.CreateObservableGauge("sophia.process.threads", static () => ThreadPool.ThreadCount, "{thread}", "Threads of the pool.");
        meter.CreateObservableGauge("sophia.process.waiting_work", static () => ThreadPool.PendingWorkItemCount, "{item}", "Work that waits for a thread of the pool.");
        return meter;
    }
}
