using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>The index of every tenant: chunks, their words, and the cursor of the projection that fills it, which is written in the same transaction.</summary>
public interface IIndexStore
{
    /// <summary>Whether asking it keeps a core of this process busy; false where another machine is waited for.</summary>
    bool IsLocal => false;

    /// <summary>How far the index has come: the log position and the version of the chunker that made it. (0, 0) where there is none.</summary>
    Task<IndexCursor> Cursor(TenantId tenant, CancellationToken cancellation);

    /// <summary>A text that is another one whenever anything in the index changed, a rebuild included: answers are remembered under it. Null: not known, so none is remembered.</summary>
    Task<string?> Stamp(TenantId tenant, CancellationToken cancellation) => Task.FromResult<string?>(null);

    /// <summary>Replaces the chunks of the given records and moves the cursor, in one transaction, remembering <paramref name="at"/> as the time. Refused (false) unless the cursor is <paramref name="expected"/>.</summary>
    Task<bool> Apply(TenantId tenant, IndexCursor expected, IndexCursor next, IReadOnlyList<IndexedRecord> records, DateTimeOffset at, CancellationToken cancellation);

    /// <summary>Removes what is known of records, their keys included; the cursor stays. Called when the log has nothing of them any more and the cursor is past what it had.</summary>
    Task Erase(TenantId tenant, IReadOnlyList<Log.RecordKey> records, CancellationToken cancellation);

    /// <summary>Empties the index and sets the cursor to the start under a chunker version.</summary>
    Task Reset(TenantId tenant, int version, CancellationToken cancellation);

    /// <summary>Candidates for a question: chunks that hold at least one of the terms and pass the filter, best first by the engine's own BM25.</summary>
    Task<CandidateSet> Candidates(TenantId tenant, CandidateQuery query, CancellationToken cancellation);

    /// <summary>Chunks with their texts, in the order asked for; one that has left the index meanwhile is left out.</summary>
    Task<IReadOnlyList<IndexedChunk>> Chunks(TenantId tenant, IReadOnlyList<long> chunkIds, CancellationToken cancellation);

    /// <summary>In how many chunks each stem stands; a stem that stands nowhere is left out.</summary>
    Task<IReadOnlyDictionary<string, long>> DocumentFrequency(TenantId tenant, IReadOnlyList<string> stems, CancellationToken cancellation);

    /// <summary>Chunks of one record version in order.</summary>
    Task<IReadOnlyList<IndexedChunk>> ChunksOf(TenantId tenant, string stream, string key, CancellationToken cancellation);

    /// <summary>What is indexed of a record: the version and when, or null.</summary>
    Task<IndexedState?> StateOf(TenantId tenant, string stream, string key, CancellationToken cancellation);
}

public sealed record IndexCursor(long Position, int Version);

public sealed record IndexedChunk(long ChunkId, string Stream, string Key, long Version, DateTimeOffset At, string Title, Chunk Chunk);

/// <summary>A chunk that may answer a question: what the ranker needs of it, without its text. Record tells chunks of one record from others'.</summary>
public sealed record Candidate(long ChunkId, long Record, int Ordinal, ChunkKind Kind, IReadOnlyList<string> Speakers, ReadOnlyMemory<byte> Words)
{
    /// <summary>Cosine between its vector and the question's, -1 to 1; null where either has none.</summary>
    public float? Similarity { get; init; }
}

public sealed record IndexedState(long Version, int Chunks, DateTimeOffset IndexedAt);

/// <summary>What to propose. Terms are plain words; the engine quotes them, nothing in them is syntax.</summary>
/// <param name="Stems">The terms' stems, whose frequencies the scorer wants.</param>
/// <param name="Limit">Chunks at most. Where the filter names records and leaves no more than this, all that it leaves are returned, whether they hold a term or not.</param>
public sealed record CandidateQuery(IReadOnlyList<string> Terms, IReadOnlyList<string> Stems, SearchFilter? Filter, int Limit)
{
    /// <summary>The question as a vector; null: words alone.</summary>
    public VectorQuery? Near { get; init; }
}

/// <summary>Chunks and what the scorer needs of the whole.</summary>
/// <param name="Matched">Chunks that pass the filter and hold a term.</param>
/// <param name="TotalChunks">Chunks in the index.</param>
/// <param name="ScopeChunks">Chunks that pass the filter where it names records; else null.</param>
/// <param name="DocumentFrequency">In how many chunks of the index each term stands, by stem.</param>
/// <param name="Cursor">How far the index had come.</param>
public sealed record CandidateSet(IReadOnlyList<Candidate> Chunks, long Matched, long TotalChunks, long? ScopeChunks, IReadOnlyDictionary<string, long> DocumentFrequency, IndexCursor Cursor)
{
    /// <summary>Why nobody was proposed for nearness, though it was asked for; null where that was done.</summary>
    public string? NotNear { get; init; }

    public static CandidateSet Empty(IndexCursor cursor) => new([], 0, 0, null, new Dictionary<string, long>(), cursor);
}
