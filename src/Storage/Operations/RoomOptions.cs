using System.ComponentModel.DataAnnotations;

namespace Sophia.Operations;

/// <summary>When a place that is written to counts as short of room, and when as full. Checked at start.</summary>
/// <remarks>A mark is reached when both its share is used and less than its bytes are free: the share alone would refuse with 200 GB free on a disk of 4 TB, the bytes alone on every small disk.</remarks>
public sealed class RoomOptions
{
    /// <summary>Percent used from which on there is a warning. Default 80; 1 to 100.</summary>
    [Range(1, 100)]
    public double WarnPercent { get; set; } = 80;

    /// <summary>Free GiB below which there is a warning. Default 50; 0 to 1,000,000 (0: never).</summary>
    [Range(0, 1_000_000)]
    public double WarnFreeGib { get; set; } = 50;

    /// <summary>Percent used from which on records and uploads are refused. Default 95; 1 to 100, at least the warning's.</summary>
    [Range(1, 100)]
    public double RefusePercent { get; set; } = 95;

    /// <summary>Free GiB below which records and uploads are refused. Default 10; 0 to 1,000,000 (0: never), at most the warning's.</summary>
    [Range(0, 1_000_000)]
    public double RefuseFreeGib { get; set; } = 10;

    /// <summary>Bytes that the PostgreSQL database may have; null: its room is not watched, because its disk cannot be seen from here. 1 GiB and more.</summary>
    [Range(1L << 30, long.MaxValue)]
    public long? PostgresBytes { get; set; }

    /// <summary>The folders to watch, by the names of their places.</summary>
    public IDictionary<string, string> Folders { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Percent by which use must fall below a mark, or free bytes rise above it, before the level falls: else a place on its mark would change its mind with every write.</summary>
    public const double Slack = 2;

    /// <summary>How often folders are looked at: a system call each.</summary>
    public static readonly TimeSpan FoldersEvery = TimeSpan.FromSeconds(1);

    /// <summary>How often PostgreSQL is asked: it looks at each of its files.</summary>
    public static readonly TimeSpan PostgresEvery = TimeSpan.FromSeconds(30);

    internal bool IsOrdered => RefusePercent >= WarnPercent && RefuseFreeGib <= WarnFreeGib;
}
