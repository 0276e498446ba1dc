namespace Sophia.Pipelines;

/// <summary>How pipelines run where their definitions do not say.</summary>
public sealed class PipelineOptions
{
    /// <summary>Partitions read at once by a pipeline that does not say. Default: the number of cores, at most 8. Range 1 to 64.</summary>
    public int Parallelism { get; set; } = Math.Clamp(Environment.ProcessorCount, 1, 8);

    /// <summary>The most records of one batch. Default 5,000, range 1 to 100,000: two batches a lane are held in memory.</summary>
    public int BatchRecords { get; set; } = BatchBudget.Default.MaxRecords;

    /// <summary>The most bytes of one batch. Default 4 MB, range 64 KB to 64 MB.</summary>
    public int BatchBytes { get; set; } = BatchBudget.Default.MaxBytes;

    /// <summary>Whether every limit is in its range.</summary>
    public bool IsInRange => Parallelism is >= 1 and <= PipelineDefinitionReader.MaxParallelism
        && BatchRecords is >= 1 and <= 100_000 && BatchBytes is >= 64 * 1024 and <= 64 * 1024 * 1024;
}
