using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>A real index in front of which a test stands.</summary>
internal sealed class FaultyIndex(IIndexStore inner) : IIndexStore
{
    public bool IsLocal { get; set; } = inner.IsLocal;

    /// <summary>Told whenever a search asks something.</summary>
    public Action Asked { get; set; } = () => { };

    /// <summary>What goes wrong instead of indexing these records; null: nothing.</summary>
    public Func<IReadOnlyList<IndexedRecord>, Exception?> Refuse { get; set; } = _ => null;

    /// <summary>Whether the next transaction is committed and its answer lost.</summary>
    public bool LoseAnswer { get; set; }

    /// <summary>The records of every transaction that was tried.</summary>
    public List<IReadOnlyList<IndexedRecord>> Tried { get; } = [];

    /// <summary>How often candidates were asked for.</summary>
    public int Searches => Volatile.Read(ref searches);

    private int searches;

    public async Task<bool> Apply(TenantId tenant, IndexCursor expected, IndexCursor next, IReadOnlyList<IndexedRecord> records, DateTimeOffset at, CancellationToken cancellation)
    {
        lock (Tried)
            Tried.Add(records);
        if (Refuse(records) is { } failure)
            throw failure;
        var done = await inner.Apply(tenant, expected, next, records, at, cancellation);
        if (!LoseAnswer)
            return done;
        LoseAnswer = false;
        throw new StorageException(StorageFault.Unknown, "The answer was lost.");
    }

    public Task<IndexCursor> Cursor(TenantId tenant, CancellationToken cancellation) => inner.Cursor(tenant, cancellation);

    public Task<string?> Stamp(TenantId tenant, CancellationToken cancellation) => inner.Stamp(tenant, cancellation);

    public Task Erase(TenantId tenant, IReadOnlyList<RecordKey> records, CancellationToken cancellation) => inner.Erase(tenant, records, cancellation);

    public Task Reset(TenantId tenant, int version, CancellationToken cancellation) => inner.Reset(tenant, version, cancellation);

    public Task<CandidateSet> Candidates(TenantId tenant, CandidateQuery query, CancellationToken cancellation)
    {
        Interlocked.Increment(ref searches);
        Asked();
        return inner.Candidates(tenant, query, cancellation);
    }

    public Task<IReadOnlyList<IndexedChunk>> Chunks(TenantId tenant, IReadOnlyList<long> chunkIds, CancellationToken cancellation)
    {
        Asked();
        return inner.Chunks(tenant, chunkIds, cancellation);
    }

    public Task<IReadOnlyDictionary<string, long>> DocumentFrequency(TenantId tenant, IReadOnlyList<string> stems, CancellationToken cancellation) => inner.DocumentFrequency(tenant, stems, cancellation);

    public Task<IReadOnlyList<IndexedChunk>> ChunksOf(TenantId tenant, string stream, string key, CancellationToken cancellation) => inner.ChunksOf(tenant, stream, key, cancellation);

    public Task<IndexedState?> StateOf(TenantId tenant, string stream, string key, CancellationToken cancellation) => inner.StateOf(tenant, stream, key, cancellation);
}
