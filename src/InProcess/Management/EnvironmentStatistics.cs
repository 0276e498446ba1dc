namespace Orleans.Statistics;

/// <summary>What a silo's process uses of its machine.</summary>
[GenerateSerializer, Alias("Orleans.Statistics.EnvironmentStatistics")]
public readonly struct EnvironmentStatistics
{
    internal EnvironmentStatistics(float cpuUsagePercentage, float memoryUsageBytes, long maximumAvailableMemoryBytes) =>
        (FilteredCpuUsagePercentage, FilteredMemoryUsageBytes, MaximumAvailableMemoryBytes) = (cpuUsagePercentage, memoryUsageBytes, maximumAvailableMemoryBytes);

    /// <summary>Of the processors that it may use, 0 to 100.</summary>
    [Id(0)]
    public readonly float FilteredCpuUsagePercentage;

    /// <summary>Managed memory in use.</summary>
    [Id(1)]
    public readonly float FilteredMemoryUsageBytes;

    /// <summary>What it may use at most.</summary>
    [Id(2)]
    public readonly long MaximumAvailableMemoryBytes;
}
