namespace Sophia.Resilience;

/// <summary>Memory of this process in percent of what it may use, as a signal: its own, not the machine's, because only its own gets less when less is offered.</summary>
internal sealed class MemoryHealth : IHealthSource
{
    public IEnumerable<(HealthSignal Signal, double Value)> Signals =>
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes is > 0 and var limit ? [(HealthSignal.Memory, 100.0 * Environment.WorkingSet / limit)] : [];

    public IEnumerable<(string Dependency, string Because)> Failing => [];
}
