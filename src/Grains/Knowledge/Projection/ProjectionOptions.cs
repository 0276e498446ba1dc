namespace Sophia.Knowledge;

/// <summary>How the index follows the log.</summary>
public sealed class ProjectionOptions
{
    /// <summary>Log rows read and indexed in one transaction. Default 500.</summary>
    public int BatchRows { get; set; } = 500;

    /// <summary>Bytes of payload read in one go (always at least one row). Default 4 MiB.</summary>
    public int BatchBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Passages embedded in one call. Default 256; 1 to 1,024.</summary>
    public int EmbedTexts { get; set; } = 256;

    /// <summary>How often a record may fail before it is put aside as a dead letter. Default 3.</summary>
    public int Attempts { get; set; } = 3;

    /// <summary>Dead letters kept with their reasons; older ones are only counted. Default 200.</summary>
    public int DeadLettersKept { get; set; } = 200;

    /// <summary>The first wait after the store failed, doubled each time. Default 0.5 s.</summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(0.5);

    /// <summary>The longest such wait. Default 30 s.</summary>
    public TimeSpan RetryAtMost { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the log is looked at without being told that it grew. Default 5 minutes.</summary>
    public TimeSpan SweepEvery { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The sizes of pieces.</summary>
    public ChunkingOptions Chunking { get; set; } = ChunkingOptions.Default;

    internal bool IsInRange => BatchRows is >= 1 and <= 100_000 && BatchBytes > 0 && EmbedTexts is >= 1 and <= EmbeddedTexts.MaxTexts && Attempts is >= 1 and <= 100 && DeadLettersKept is >= 1 and <= 10_000
        && RetryAfter > TimeSpan.Zero && RetryAtMost >= RetryAfter && SweepEvery >= TimeSpan.FromMinutes(1);
}
