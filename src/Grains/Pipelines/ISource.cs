using Sophia.Log;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>A kind of source ("files", "github-webhook", …). Connectors implement it; nothing in it knows grains.</summary>
public interface ISourceKind
{
    /// <summary>The name that a definition says under <c>type</c>.</summary>
    string Type { get; }

    /// <summary>The source's partitions now, in a stable order: units that are read in order by themselves and in parallel to each other (a file each).</summary>
    /// <exception cref="SourceException">The source cannot be reached or is set up wrongly.</exception>
    IAsyncEnumerable<SourcePartition> Partitions(SourceContext source, CancellationToken cancellation);

    /// <summary>What would keep the source from being read as things are now, in words for who states it; null where nothing is known.</summary>
    ValueTask<string?> Warning(SourceContext source, CancellationToken cancellation) => ValueTask.FromResult<string?>(null);

    /// <summary>Opens a partition where a checkpoint left off (null: from the start).</summary>
    Task<ISourceReader> Open(SourceContext source, SourcePartition partition, string? state, CancellationToken cancellation);

    /// <summary>Whether a reader's state holds beyond the content that it was made of: then each run goes on from the last one's, and only a full refresh starts anew.</summary>
    bool StateOutlivesRuns => false;

    /// <summary>What the policy and the breaker before the source are called; null: nothing stands before it, because it is no dependency of anybody's (a folder).</summary>
    string? Dependency(SourceContext source) => null;

    /// <summary>Why a tenant's definition may not state such a source, or null.</summary>
    string? Objection(SourceContext source) => null;
}

internal static class SourceKinds
{
    /// <exception cref="SourceException">No connector reads sources of this type.</exception>
    public static ISourceKind Of(this IEnumerable<ISourceKind> kinds, string type) =>
        kinds.FirstOrDefault(kind => kind.Type == type) ?? throw new SourceException($"Nothing here reads sources of type \"{type}\".", transient: false);
}

/// <summary>Which source of which pipeline is read. Settings are as the definition states them.</summary>
public sealed record SourceContext(string Tenant, string Pipeline, SourceDefinition Definition)
{
    /// <summary>The run that reads; empty where somebody only looks.</summary>
    public string Run { get; init; } = "";

    public GateDefinition Gate { get; init; } = new();

    /// <summary>The run reads everything anew. Sources whose state outlives runs see to it themselves.</summary>
    public bool FullRefresh { get; init; }

    /// <summary>Whether the definition says which fields make the keys of a stream's records.</summary>
    public Func<string, bool> HasKey { get; init; } = static _ => false;

    /// <summary>Whether records of a stream that have one key are one; else each is a version.</summary>
    public Func<string, bool> IsDeduplicated { get; init; } = static _ => true;

    /// <summary>What is known of the keys of files.</summary>
    public IFileKeys Keys { get; init; } = NoFileKeys.Instance;
}

/// <summary>A piece of a source.</summary>
/// <param name="Id">Stable across runs (a relative path).</param>
/// <param name="Fingerprint">Changes whenever the content may have (size and modification time); an unchanged one is not read again.</param>
/// <param name="Bytes">Its size where known, for progress.</param>
/// <param name="Unreadable">Why it cannot be read at all (an unknown type), or null. What lies below it ("id/…") cannot be seen then, and has not vanished.</param>
/// <param name="Settling">It is still being written: leave it for a later look.</param>
/// <param name="Essential">The run fails where it cannot be read, instead of naming it and going on.</param>
public sealed record SourcePartition(string Id, string Fingerprint, long Bytes, string? Unreadable = null, bool Settling = false, bool Essential = false);

/// <summary>Reads one partition in order, in bounded batches.</summary>
public interface ISourceReader : IAsyncDisposable
{
    /// <summary>The next batch, or null at the end. State is where to go on after this batch.</summary>
    ValueTask<SourceBatch?> Read(BatchBudget budget, CancellationToken cancellation);
}

/// <summary>How much a batch may hold: whichever bound is met first ends it.</summary>
public sealed record BatchBudget(int MaxRecords = 5_000, int MaxBytes = 4 * 1024 * 1024)
{
    public static readonly BatchBudget Default = new();
}

/// <param name="State">The reader's own JSON: where the next batch starts.</param>
/// <param name="Bad">Pieces that are no records (a malformed line, an oversized one): quarantined, never fatal.</param>
/// <param name="Bytes">Bytes of the source consumed by this batch.</param>
public sealed record SourceBatch(IReadOnlyList<SourceRecord> Records, IReadOnlyList<BadPiece> Bad, string State, long Bytes)
{
    /// <summary>The reader knows that it is not at its end: nobody need look for the end before this batch is stored. Such a batch may be empty.</summary>
    public bool More { get; init; }

    /// <summary>Records that the source is known to hold up to here, where that is not what was read.</summary>
    public long? Held { get; init; }

    /// <summary>Streams that are now read whole, with the generation that their records carried: what an older generation saw and this one did not has vanished.</summary>
    public IReadOnlyDictionary<string, int>? Whole { get; init; }

    /// <summary>What files' records are called by from this batch on, kept with it.</summary>
    public IReadOnlyList<FileKeyWrite> Keys { get; init; } = [];

    /// <summary>What the connector said meanwhile.</summary>
    public IReadOnlyList<ConnectorLine> Lines { get; init; } = [];
}

/// <summary>A record as read: payload is a UTF-8 JSON object. Key is null where the definition's key fields decide.</summary>
public readonly record struct SourceRecord(string Stream, string? Key, RecordOperation Operation, ReadOnlyMemory<byte> Payload, long Offset, int Length, long Line)
{
    /// <summary>What the reader itself finds wrong with it; the record is quarantined with these reasons.</summary>
    public IReadOnlyList<CellReason>? Faults { get; init; }

    /// <summary>Which reading of the whole stream it belongs to, from 1; 0 where the source does not count them.</summary>
    public int Generation { get; init; }

    /// <summary>What the stream's transforms made it of; null where it has none.</summary>
    public EntrySource? Source { get; init; }

    /// <summary>What follows the key, after a slash: which of the records it is that one source record was split into.</summary>
    public string? KeyPart { get; init; }
}

/// <summary>A piece of a partition that could not become a record. Preview is at most 2,000 bytes of it, for people.</summary>
public sealed record BadPiece(string Stream, CellReason Reason, Origin Origin, string? Preview);

/// <summary>The source failed. Transient: trying again may help.</summary>
public sealed class SourceException(string message, bool transient, Exception? inner = null) : Exception(message, inner)
{
    public bool Transient { get; } = transient;

    /// <summary>The source is not to be asked before this, whether it was asked now or not. Null: whoever asks decides.</summary>
    public DateTimeOffset? NotBefore { get; init; }
}
