using System.ComponentModel.DataAnnotations;

namespace Sophia.Operations;

/// <summary>The bounds of the embedded store. Checked at start.</summary>
public sealed class StorageOptions
{
    /// <summary>The data folder. Default "var" under the working directory; created where absent.</summary>
    [Required]
    public string DataFolder { get; set; } = "var";

    /// <summary>Database files kept open, each with a writer and up to <see cref="ReadersPerFile"/> readers. Default 256; 1 to 10,000.</summary>
    [Range(1, 10_000)]
    public int OpenFiles { get; set; } = 256;

    /// <summary>Threads that write and wait for the disk; each file uses one at a time. Default 4; 1 to 64. More help only where many tenants commit at once.</summary>
    [Range(1, 64)]
    public int WriterThreads { get; set; } = 4;

    /// <summary>Threads that read. Default 4; 1 to 64.</summary>
    [Range(1, 64)]
    public int ReaderThreads { get; set; } = 4;

    /// <summary>Read connections kept per file. Default 4; 1 to 64.</summary>
    [Range(1, 64)]
    public int ReadersPerFile { get; set; } = 4;

    /// <summary>Writes that may wait for one file; further callers wait for room. Default 1,024; 1 to 100,000.</summary>
    [Range(1, 100_000)]
    public int MaxQueuedWrites { get; set; } = 1_024;

    /// <summary>Reads that may wait or run for one file; further callers wait for room. Default 1,024; 1 to 100,000.</summary>
    [Range(1, 100_000)]
    public int MaxQueuedReads { get; set; } = 1_024;

    /// <summary>Writes committed together at most. Default 256; 1 to 10,000.</summary>
    [Range(1, 10_000)]
    public int MaxGroupWrites { get; set; } = 256;

    /// <summary>Bytes after which a group takes no further write. Default 16 MiB; 64 KiB to 256 MiB. Bounds what a rollback costs and how long the first of a group waits.</summary>
    [Range(64 * 1024, 256 * 1024 * 1024)]
    public int MaxGroupBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Page cache of a writer, in KiB. Default 16,384; 256 to 1,048,576. Filled only as far as the file's hot part is large.</summary>
    [Range(256, 1_048_576)]
    public int WriterCacheKib { get; set; } = 16_384;

    /// <summary>Page cache of a reader, in KiB. Default 2,048; 64 to 1,048,576.</summary>
    [Range(64, 1_048_576)]
    public int ReaderCacheKib { get; set; } = 2_048;

    /// <summary>Size of the write-ahead log, in bytes, at which the writer moves it into the file. Default 32 MiB; 64 KiB to 1 GiB. Larger means fewer rewrites of a hot page and a longer recovery.</summary>
    [Range(64 * 1024, 1024 * 1024 * 1024)]
    public int CheckpointBytes { get; set; } = 32 * 1024 * 1024;

    /// <summary>Page size of new files, in bytes: a power of two. Default 4,096; 1,024 to 65,536.</summary>
    [Range(1_024, 65_536)]
    public int PageBytes { get; set; } = 4_096;

    /// <summary>Vectors held in memory to compare questions with, all tenants together, in MiB. Default 512, enough for 1.1 million of the built-in embedder; 1 to 1,048,576. Filled only by tenants that are asked.</summary>
    [Range(1, 1_048_576)]
    public int VectorMib { get; set; } = 512;

    /// <summary>Vectors of one tenant up to which a question is compared with every one. Beyond it, with sketches of all and then those that these choose. Default 200,000; 1,000 to 100,000,000.</summary>
    [Range(1_000, 100_000_000)]
    public int VectorsExact { get; set; } = 200_000;

    /// <summary>Words of large indexes held in memory, all tenants together, in MiB. Default 512, enough for some two million passages of 200 words; 0 (none: every search is answered from the disk) to 1,048,576. Filled only by tenants that are asked.</summary>
    [Range(0, 1_048_576)]
    public int WordsMib { get; set; } = 512;

    /// <summary>Chunks from which on an index of SQLite is large: its words are held in memory. Default 50,000; 1 to 100,000,000.</summary>
    [Range(1, 100_000_000)]
    public int WordsFrom { get; set; } = 50_000;

    /// <summary>Seconds of little work after which caches and free memory are given back. Default 5; 1 to 3,600.</summary>
    [Range(1, 3_600)]
    public int QuietSeconds { get; set; } = 5;
}
