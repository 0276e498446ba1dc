namespace Sophia.Knowledge;

/// <summary>Cuts a tenant's stored records into chunks, on a silo that is fit for it. The key is "tenant/chunking". It reads the log itself and changes nothing.</summary>
[Alias("Sophia.IChunkingGrain")]
public interface IChunkingGrain : IGrainWithStringKey
{
    /// <summary>The records among the next rows of the log, of each its newest version there.</summary>
    /// <param name="after">The position before the first row.</param>
    /// <param name="maxBytes">Bytes of payload that are read (always at least one row).</param>
    /// <exception cref="Operations.RefusedException">Unavailable: no silo that may chunk is there, or the store failed.</exception>
    [Alias("Chunk"), Repeatable]
    Task<ChunkedRows> Chunk(long after, int maxRows, int maxBytes, CancellationToken cancellation);
}

/// <summary>What a range of the log comes to for the index.</summary>
/// <param name="Until">The position of the last row read; that which was asked after where there is none.</param>
/// <param name="Version">Of the chunker: others give other chunks.</param>
/// <param name="Failed">Records that could not be cut; they are among the records too, without chunks.</param>
/// <param name="Rows">Rows read, records or not.</param>
/// <param name="LastAt">When the last of them was stored.</param>
[GenerateSerializer, Immutable, Alias("Sophia.ChunkedRows")]
public sealed record ChunkedRows(
    [property: Id(0)] long Until,
    [property: Id(1)] int Version,
    [property: Id(2)] IReadOnlyList<IndexedRecord> Records,
    [property: Id(3)] IReadOnlyList<UnchunkedRecord> Failed,
    [property: Id(4)] int Rows,
    [property: Id(5)] DateTimeOffset LastAt);

/// <summary>A record that could not be cut, and why.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.UnchunkedRecord")]
public sealed record UnchunkedRecord([property: Id(0)] long Position, [property: Id(1)] string Stream, [property: Id(2)] string Key, [property: Id(3)] string Reason);

/// <summary>A record to index; no chunks means that it leaves the index.</summary>
/// <param name="Fields">Metadata to filter by: top-level scalar fields as text, at most 64 of at most 200 characters.</param>
[GenerateSerializer, Immutable, Alias("Sophia.IndexedRecord")]
public sealed record IndexedRecord(
    [property: Id(0)] string Stream,
    [property: Id(1)] string Key,
    [property: Id(2)] long Version,
    [property: Id(3)] long Position,
    [property: Id(4)] DateTimeOffset At,
    [property: Id(5)] string Title,
    [property: Id(6)] IReadOnlyDictionary<string, string> Fields,
    [property: Id(7)] IReadOnlyList<Chunk> Chunks)
{
    /// <summary>The same version, not to be found: it takes the place of what was indexed before.</summary>
    public IndexedRecord Withdrawn() => this with { Title = Key, Fields = new Dictionary<string, string>(), Chunks = [] };
}

/// <summary>A piece of a record that is found and cited as one. Text is what people read; Spans say where its words lie in the record.</summary>
/// <param name="Ordinal">From 0 within its record.</param>
[GenerateSerializer, Immutable, Alias("Sophia.Chunk")]
public sealed record Chunk(
    [property: Id(0)] int Ordinal,
    [property: Id(1)] ChunkKind Kind,
    [property: Id(2)] string Text,
    [property: Id(3)] string? Section,
    [property: Id(4)] IReadOnlyList<string> Speakers,
    [property: Id(5)] IReadOnlyList<ChunkSpan> Spans)
{
    /// <summary>What the ranker wants to know of its words. A store keeps the bytes and gives them back with each candidate.</summary>
    [Id(6)]
    public ReadOnlyMemory<byte> Words { get; init; }
}

/// <summary>UTF-16 span <c>TextStart, Length</c> of a chunk's text is the span <c>Start, Length</c> of the record's field.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.ChunkSpan")]
public readonly record struct ChunkSpan([property: Id(0)] string Field, [property: Id(1)] int Start, [property: Id(2)] int Length, [property: Id(3)] int TextStart);
