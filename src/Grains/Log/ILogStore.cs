using Sophia.Pipelines;
using Sophia.Quality;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>The append-only log of every tenant, with what must agree with it: heads, checkpoints, runs, quarantine. Every engine passes one suite.</summary>
/// <remarks>
/// One append is one transaction of one tenant; when its task completes with <see cref="AppendOutcome.Committed"/> the disk has it.
/// Positions count from 1 per tenant, rising, without promise of being gapless. The newest version of a key is its head; each row points to the
/// version before it, so that history is walked, never scanned.
/// </remarks>
public interface ILogStore
{
    /// <summary>Makes the caller the owner of a name (such as <c>pipelines/crm/lane-0</c>): raises the epoch, so that every earlier holder is refused from now on.</summary>
    Task<Fence> Acquire(TenantId tenant, string owner, CancellationToken cancellation);

    /// <summary>Appends in one transaction, or changes nothing. Foreseen refusals are outcomes; a failing disk is a <see cref="StorageException"/>, after which the outcome is unknown and the fence's position says whether it took place.</summary>
    Task<AppendOutcome> Append(TenantId tenant, AppendBatch batch, CancellationToken cancellation);

    /// <summary>Rows after a position in order, at most <paramref name="limit"/> rows and about <paramref name="maxBytes"/> bytes of payload (always at least one row where there is one).</summary>
    Task<IReadOnlyList<LogEntry>> Read(TenantId tenant, long after, int limit, int maxBytes, CancellationToken cancellation);

    /// <summary>The position of the newest row, 0 where there is none.</summary>
    Task<long> Head(TenantId tenant, CancellationToken cancellation);

    /// <summary>The newest row of a key, a tombstone included, or null.</summary>
    Task<LogEntry?> Newest(TenantId tenant, string stream, string key, CancellationToken cancellation);

    /// <summary>Rows of a key from its newest (or from <paramref name="below"/>, exclusive, by version) backwards, at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<LogEntry>> History(TenantId tenant, string stream, string key, long? below, int limit, CancellationToken cancellation);

    /// <summary>The newest rows of a stream's keys, tombstones included, in key order (by UTF-8 bytes) after a key, at most <paramref name="limit"/>: one question, however many rows.</summary>
    Task<IReadOnlyList<LogEntry>> Current(TenantId tenant, string stream, string? afterKey, int limit, CancellationToken cancellation);

    /// <summary>Heads of a stream in key order (by UTF-8 bytes) after a key, at most <paramref name="limit"/>. With a partition, only heads that were last seen in it: an unchanged record (a duplicate) moves its head to the partition it comes from.</summary>
    Task<IReadOnlyList<HeadEntry>> Heads(TenantId tenant, string stream, string? afterKey, string? partition, int limit, CancellationToken cancellation);

    /// <summary>Records of a stream as they stood at a moment, in key order after a key: looks at at most <paramref name="limit"/> keys and answers those that were there, each with the version that was newest then.</summary>
    /// <returns>No rows where versions were removed that were current at the moment or later: then <see cref="AsOfPage.Horizon"/> is after it.</returns>
    Task<AsOfPage> AsOf(TenantId tenant, string stream, DateTimeOffset moment, string? afterKey, int limit, CancellationToken cancellation);

    /// <summary>Removes versions that a stream need not keep, of some keys in key order, in one transaction (docs/adr/0025). Never the newest version of a record, nor the row at the log's last position.</summary>
    Task<CompactedPage> Compact(TenantId tenant, CompactionOrder order, CancellationToken cancellation);

    Task<IReadOnlyList<StreamCount>> Streams(TenantId tenant, CancellationToken cancellation);

    /// <summary>What a pipeline remembers of a partition of its source, or null.</summary>
    Task<Checkpoint?> Checkpoint(TenantId tenant, string pipeline, string partition, CancellationToken cancellation);

    /// <summary>All checkpoints of a pipeline in partition order after a partition, at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<Checkpoint>> Checkpoints(TenantId tenant, string pipeline, string? afterPartition, int limit, CancellationToken cancellation);
}

/// <summary>The right to append: who, under which epoch, and how many appends the owner has made. Each committed append raises Position by one.</summary>
public sealed record Fence(string Owner, long Epoch, long Position);

/// <summary>What kind of thing a log row is. Numbers are on disk and never change.</summary>
public enum EntryType
{
    Record = 1,
    Audit = 2,
    Chat = 3,
}

/// <summary>A row to append. The payload is UTF-8 JSON; the hash is that of <see cref="EntryHash"/>.</summary>
/// <param name="Partition">The part of the source that it came from (a file's path); kept at the head so that a vanished file's records can be found.</param>
/// <param name="OnlyIfChanged">Leave it out, and count a duplicate, where the head has the same hash.</param>
/// <param name="OnlyIfVersion">Leave it out, and count a conflict, unless the head's version is this one (0: no head yet).</param>
public readonly record struct NewEntry(
    EntryType Type,
    string Stream,
    string Key,
    RecordOperation Operation,
    ReadOnlyMemory<byte> Payload,
    UInt128 Hash,
    string? Partition = null,
    bool OnlyIfChanged = true,
    long? OnlyIfVersion = null)
{
    /// <summary>Kept with the row, where the record was transformed; it takes no part in the hash.</summary>
    public EntrySource? Source { get; init; }
}

/// <summary>Everything that one transaction of the log does.</summary>
public sealed record AppendBatch
{
    public required Fence Fence { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>The run that this belongs to; empty where there is none.</summary>
    public string Run { get; init; } = "";

    public IReadOnlyList<NewEntry> Entries { get; init; } = [];

    public IReadOnlyList<NewQuarantine> Quarantined { get; init; } = [];

    public IReadOnlyList<QuarantineDecision> Decisions { get; init; } = [];

    /// <summary>Checkpoints to write; one whose State is null is removed.</summary>
    public IReadOnlyList<CheckpointWrite> Checkpoints { get; init; } = [];

    /// <summary>The run's row as it is to be from now on, or null. Of a run that is there its counts are not taken from here (a dry run's are): see <see cref="RunDelta"/>. Partitions done and the last position only grow.</summary>
    public RunRow? RunRow { get; init; }

    /// <summary>Counts to add to the run's row, which must exist. Stored, Duplicate and Deleted of records (not of other entries) are added by the store itself, from what it did.</summary>
    public RunDelta? RunDelta { get; init; }

    /// <summary>Records that are being erased: every later append of them is left out as <see cref="EntryDisposition.Blocked"/> (docs/adr/0025); this one's own entries are not.</summary>
    public IReadOnlyList<RecordKey> Erases { get; init; } = [];

    /// <summary>Whose doing <see cref="Erases"/> is.</summary>
    public string Erasure { get; init; } = "";

    /// <summary>A key under a unique constraint, in the same transaction: a second append with it is refused as <see cref="AppendOutcome.AlreadyDone"/>.</summary>
    public string? OnceKey { get; init; }
}

/// <summary>How an append ended.</summary>
public abstract record AppendOutcome
{
    private AppendOutcome() { }

    /// <summary>Durable. Positions are 0 where no row was written. Dispositions are by index of Entries.</summary>
    public sealed record Committed(Fence Next, long FirstPosition, long LastPosition, int Stored, int Duplicates, int Deleted, int Conflicts, IReadOnlyList<EntryDisposition> Dispositions) : AppendOutcome
    {
        /// <summary>Entries left out because their records were erased.</summary>
        public int Blocked { get; init; }

        /// <summary>Items of such records that were not quarantined.</summary>
        public int BlockedItems { get; init; }
    }

    /// <summary>Somebody else has taken the owner's name under a higher epoch: stop and deactivate.</summary>
    public sealed record Fenced(long CurrentEpoch) : AppendOutcome;

    /// <summary>The owner has made more (or fewer) appends than the fence says: an earlier one with unknown outcome took place. Reload and go on from here.</summary>
    public sealed record Misplaced(Fence Current) : AppendOutcome;

    /// <summary>The once-key was used before, by the append whose last row is at this position.</summary>
    public sealed record AlreadyDone(string OnceKey, long Position) : AppendOutcome;

    /// <summary>A decision names a quarantined item that is not held (any more): its state now, null where it is unknown. Nothing was appended.</summary>
    public sealed record NotHeld(long QuarantineId, Sophia.Quality.QuarantineState? State) : AppendOutcome;
}

public enum EntryDisposition : byte
{
    Stored = 1,
    Duplicate = 2,
    Conflict = 3,

    /// <summary>The record was erased and may not come back.</summary>
    Blocked = 4,

    /// <summary>Blocked, because an erased record said the same; its own record, which said something else, has a tombstone.</summary>
    Withdrawn = 5,
}

/// <summary>A stored row. Previous is the position of the key's version before it, 0 for the first.</summary>
public sealed record LogEntry(
    long Position,
    EntryType Type,
    string Stream,
    string Key,
    long Version,
    RecordOperation Operation,
    ReadOnlyMemory<byte> Payload,
    UInt128 Hash,
    DateTimeOffset At,
    string Run,
    long Previous)
{
    /// <summary>What the record was transformed from; null where it was stored as its source said it.</summary>
    public EntrySource? Source { get; init; }
}

/// <summary>The newest version of a key.</summary>
public sealed record HeadEntry(string Stream, string Key, long Position, long Version, RecordOperation Operation, UInt128 Hash, string? Partition);

/// <summary>Horizon: every moment from it on can be read exactly; null: every moment there was.</summary>
public sealed record StreamCount(string Stream, EntryType Type, long Records, long Deleted, DateTimeOffset? Horizon = null);

/// <param name="Next">The key to go on after; null: that was all.</param>
/// <param name="Horizon">The stream's, as of the same state of the log.</param>
public sealed record AsOfPage(IReadOnlyList<LogEntry> Rows, string? Next, DateTimeOffset? Horizon);

/// <summary>What may go of a stream: a version that is beyond every limit that is stated.</summary>
/// <param name="AfterKey">Keys after this one are looked at; null: from the first.</param>
/// <param name="Keys">How many keys at most.</param>
/// <param name="Rows">How many rows are removed at most.</param>
/// <param name="Before">Versions may go that were replaced at or before this moment, and tombstones of then; null: whenever.</param>
/// <param name="KeepVersions">The newest versions of each record that stay, at least 1; null: no number counts.</param>
/// <param name="ProjectedTo">Tombstones up to this position may go.</param>
public sealed record CompactionOrder(string Stream, string? AfterKey, int Keys, int Rows, DateTimeOffset? Before, int? KeepVersions, long ProjectedTo);

/// <param name="After">The key to go on after; null: from the first.</param>
/// <param name="More">Whether there may be more to look at.</param>
/// <param name="Versions">Rows removed, tombstones included.</param>
/// <param name="Keys">Deleted records of which nothing is left.</param>
public sealed record CompactedPage(string? After, bool More, long Versions, long Keys);

/// <summary>What a pipeline remembers of one partition; State is the reader's own JSON.</summary>
public sealed record Checkpoint(string Pipeline, string Partition, string State, string Run, DateTimeOffset At);

public sealed record CheckpointWrite(string Pipeline, string Partition, string? State);
