using System.Security.Cryptography;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>The index in Weaviate, under a ledger in PostgreSQL that says which passages count (docs/adr/0015).</summary>
/// <remarks>
/// New passages are written first; then one transaction of the ledger moves the cursor and makes them count; then what they replace is swept. A search drops every passage whose edition does not count, so
/// none sees half a batch, an older version beside a newer one, or what a crash left behind. Until it is swept, what does not count may still be counted in how common a word is.
/// </remarks>
internal sealed partial class WeaviateIndexStore(SearchLedger ledger, Func<string, SearchLedgerWriter> writers, WeaviateConnection connection) : IIndexStore, IVectorStore, ITenantCopies
{
    /// <summary>How often a search asks again where it met passages that do not count.</summary>
    private const int MaxRepeats = 2;

    private readonly WeaviatePassages passages = new(connection);
    private readonly WeaviateRarity rarity = new();

    public bool HoldsRecords => false;

    public void Forget(TenantId tenant) => passages.Forget(tenant);

    public async Task<IndexCursor> Cursor(TenantId tenant, CancellationToken cancellation) => (await Standing(tenant, cancellation)).Cursor;

    public async Task<string?> Stamp(TenantId tenant, CancellationToken cancellation)
    {
        var standing = await Standing(tenant, cancellation);
        return standing.Build is null ? null
            : FormattableString.Invariant($"{standing.Build}/{standing.Cursor.Position}/{standing.Cursor.Version}/{string.Join(',', standing.Embedders.OrderBy(e => e.Vector, StringComparer.Ordinal).Select(e => $"{e.Vector}:{e.Answering}:{e.Vectors}:{e.Changes}"))}");
    }

    public async Task<bool> Apply(TenantId tenant, IndexCursor expected, IndexCursor next, IReadOnlyList<IndexedRecord> records, DateTimeOffset at, CancellationToken cancellation)
    {
        var analyzer = new WordAnalyzer();
        List<PlannedRecord> planned = [.. records.Select(r => new PlannedRecord(r.Stream, r.Key, r.Version, Name(), r.Chunks.Count, (short)r.Chunks.Aggregate(0, (kinds, chunk) => kinds | Bit(chunk.Kind))))];
        Check(records, analyzer);
        var engine = await connection.Engine(cancellation);
        var ledgers = writers(engine);
        await passages.Make(engine, tenant, cancellation);
        if (await ledgers.Begin(tenant, expected, planned, Name(), cancellation) is not { } plan)
            return false;
        await passages.Write(tenant, plan.Records.SelectMany((placed, of) => records[of].Chunks.Select((chunk, index) => (chunk.Kind, PassageObject.Of(plan.Build, placed, index, records[of], analyzer), (long)index))), cancellation);
        if (!await ledgers.Commit(tenant, plan, expected, next, at, cancellation))
            return false;
        await Sweep(ledgers, tenant, cancellation);
        return true;
    }

    // Passages leave by the way that every change takes; then the ledger forgets whose they were.
    public async Task Erase(TenantId tenant, IReadOnlyList<Log.RecordKey> records, CancellationToken cancellation)
    {
        var engine = await connection.Engine(cancellation);
        IndexedRecord[] withdrawn = [.. records.Select(record => new IndexedRecord(record.Stream, record.Key, 0, 0, DateTimeOffset.UnixEpoch, "", new Dictionary<string, string>(), []))];
        IndexCursor cursor;
        do
            cursor = await Cursor(tenant, cancellation);
        while (cursor.Position > 0 && !await Apply(tenant, cursor, cursor, withdrawn, DateTimeOffset.UnixEpoch, cancellation));
        await writers(engine).Forget(tenant, records, cancellation);
    }

    public async Task Reset(TenantId tenant, int version, CancellationToken cancellation)
    {
        var engine = await connection.Engine(cancellation);
        var ledgers = writers(engine);
        await passages.Make(engine, tenant, cancellation);
        await ledgers.Reset(tenant, version, Name(), cancellation);
        await Sweep(ledgers, tenant, cancellation);
    }

    public async Task<CandidateSet> Candidates(TenantId tenant, CandidateQuery query, CancellationToken cancellation)
    {
        var engine = await connection.Engine(cancellation);
        var analyzer = new WordAnalyzer();
        string[] stems = [.. query.Terms.SelectMany(term => analyzer.Words(term)).Select(word => word.Stem).Where(stem => stem.Length > 0).Distinct(StringComparer.Ordinal)];
        string[]? editions = null;
        LedgerStanding standing;
        if (query.Filter?.Keys is { Count: > 0 } keys)
            (standing, editions) = await ledger.Named(tenant, engine, keys, cancellation);
        else
            standing = await ledger.Standing(tenant, engine, cancellation);
        var answering = standing.Embedders.FirstOrDefault(embedder => embedder.Answering);
        var missing = query.Near is null ? null : NearProposal.Missing(answering?.Id, query.Near.Embedder, 0, long.MaxValue);
        var vector = query.Near is not null && missing is null && answering!.Vectors > 0 ? answering.Vector : null;
        if (standing is not { Build: { } build, Chunks: > 0 } || stems.Length == 0 && vector is null)
            return CandidateSet.Empty(standing.Cursor) with { NotNear = missing };
        var frequencies = Frequencies(tenant, build, standing.Cursor, query.Stems, cancellation);
        if (editions is { Length: 0 })
            return new CandidateSet([], 0, standing.Chunks, 0, await frequencies, standing.Cursor) { NotNear = missing };
        var set = Candidates(new WeaviateQuestion(connection, passages, tenant, query, stems, vector, editions), tenant, engine, query, editions is not null, stems.Length > 0, cancellation);
        // Both to their end, also where one fails: no call runs on behind a question that was given up.
        await Task.WhenAll(frequencies, set);
        return (await set) with { DocumentFrequency = await frequencies, NotNear = missing };
    }

    private async Task<CandidateSet> Candidates(WeaviateQuestion question, TenantId tenant, string engine, CandidateQuery query, bool named, bool worded, CancellationToken cancellation)
    {
        var (scope, matched) = await question.Count(cancellation);
        var (words, near, last) = await Counting(question, tenant, engine, query, named && scope <= query.Limit && worded ? (int)scope : null, cancellation);
        var known = near.ToDictionary(found => found.Candidate.ChunkId, found => found.Candidate.Similarity);
        foreach (var (chunk, cosine) in await question.Similarities([.. words.Where(found => !known.ContainsKey(found.Candidate.ChunkId))], cancellation))
            known[chunk] = cosine;
        return CandidateSet.Empty(last.Cursor) with
        {
            Chunks = [.. words.Concat(near).DistinctBy(found => found.Candidate.ChunkId).Select(found => found.Candidate with { Similarity = known.GetValueOrDefault(found.Candidate.ChunkId) })],
            Matched = matched,
            TotalChunks = last.Chunks,
            ScopeChunks = named ? scope : null,
        };
    }

    public async Task<IReadOnlyList<IndexedChunk>> Chunks(TenantId tenant, IReadOnlyList<long> chunkIds, CancellationToken cancellation)
    {
        var held = await ledger.Holding(tenant, chunkIds, cancellation);
        var found = (await Texts(tenant, held, cancellation)).ToDictionary(chunk => chunk.ChunkId);
        return [.. chunkIds.Where(found.ContainsKey).Select(id => found[id])];
    }

    public async Task<IReadOnlyDictionary<string, long>> DocumentFrequency(TenantId tenant, IReadOnlyList<string> stems, CancellationToken cancellation)
    {
        var standing = await Standing(tenant, cancellation);
        return standing is { Build: { } build, Chunks: > 0 } ? await Frequencies(tenant, build, standing.Cursor, stems, cancellation) : new Dictionary<string, long>();
    }

    public async Task<IReadOnlyList<IndexedChunk>> ChunksOf(TenantId tenant, string stream, string key, CancellationToken cancellation) =>
        (await Standing(tenant, cancellation)).Build is not null && await ledger.Find(tenant, stream, key, cancellation) is { Chunks: > 0 } record
            ? [.. (await Texts(tenant, [.. Enumerable.Range(0, record.Chunks).Select(index => new LedgerChunk(record.FirstChunk + index, record))], cancellation)).OrderBy(chunk => chunk.Chunk.Ordinal)] : [];

    public async Task<IndexedState?> StateOf(TenantId tenant, string stream, string key, CancellationToken cancellation) =>
        (await Standing(tenant, cancellation)).Build is not null && await ledger.Find(tenant, stream, key, cancellation) is { } record ? new IndexedState(record.Version, record.Chunks, record.IndexedAt) : null;

    private async Task<LedgerStanding> Standing(TenantId tenant, CancellationToken cancellation) => await ledger.Standing(tenant, await connection.Engine(cancellation), cancellation);

    /// <summary>What Weaviate proposes and the ledger confirms. Where something was dropped, a record may just have been replaced under the question: it is asked again, for so much more.</summary>
    private async Task<(List<Found> Words, List<Found> Near, LedgerStanding Standing)> Counting(WeaviateQuestion question, TenantId tenant, string engine, CandidateQuery query, int? everything, CancellationToken cancellation)
    {
        var more = 0;
        for (var repeat = 0; ; repeat++)
        {
            var nearest = question.Nearest(more, cancellation);
            var worded = everything is { } all ? question.Everything(all + more, cancellation) : question.Words(more, cancellation);
            await Task.WhenAll(nearest, worded);
            var (words, near) = (await worded, await nearest);
            var (standing, editions) = await ledger.Live(tenant, engine, [.. words.Concat(near).Select(found => found.Candidate.Record).Distinct()], cancellation);
            var dropped = words.RemoveAll(Dropped) + near.RemoveAll(Dropped);
            if (dropped == 0 || repeat == MaxRepeats)
                return (everything is null ? [.. words.Take(query.Limit)] : words, [.. near.Take(query.Near?.Limit ?? 0)], standing);
            more += dropped;

            bool Dropped(Found found) => !editions.TryGetValue(found.Candidate.Record, out var edition) || edition != found.Edition;
        }
    }

    private async Task<List<IndexedChunk>> Texts(TenantId tenant, IReadOnlyList<LedgerChunk> chunks, CancellationToken cancellation)
    {
        var byId = chunks.DistinctBy(chunk => chunk.Chunk).ToDictionary(chunk => PassageObject.IdOf(chunk.Record.Edition, chunk.Chunk - chunk.Record.FirstChunk));
        var lists = await Task.WhenAll(WeaviateSchema.Kinds.Select(async kind => (await passages.Read(tenant, kind, byId.Where(chunk => (chunk.Value.Record.Kinds & Bit(kind)) != 0).Select(chunk => chunk.Key),
            PassageObject.OfText, cancellation)).ConvertAll(found => found.Chunk(kind, byId[found.UUID!.Value].Record))));
        return [.. lists.SelectMany(list => list)];
    }

    private async Task<IReadOnlyDictionary<string, long>> Frequencies(TenantId tenant, string build, IndexCursor cursor, IReadOnlyList<string> stems, CancellationToken cancellation)
    {
        var question = new WeaviateQuestion(connection, passages, tenant, new CandidateQuery([], [], null, 1), [], null, null);
        return await rarity.Of(tenant, (build, cursor), stems, stem => question.Frequency(stem, cancellation));
    }

    // What was committed stays so, whatever becomes of the sweep: the next one takes it up.
    private async Task Sweep(SearchLedgerWriter ledgers, TenantId tenant, CancellationToken cancellation)
    {
        try
        {
            var doomed = await ledgers.Doomed(tenant, cancellation);
            if (doomed.Count == 0)
                return;
            await passages.Sweep(tenant, doomed, cancellation);
            await ledgers.Swept(tenant, doomed, cancellation);
        }
        catch (Log.StorageException)
        {
        }
    }

    /// <summary>Before anything is written: is every text whole?</summary>
    private static void Check(IReadOnlyList<IndexedRecord> records, WordAnalyzer analyzer)
    {
        var nowhere = new PlacedRecord(new PlannedRecord("", "", 0, "", 0, 0), 0, 0);
        foreach (var record in records)
            for (var index = 0; index < record.Chunks.Count; index++)
                _ = PassageObject.Of("", nowhere, index, record with { Key = Log.PostgresKey.Text(Log.PostgresKey.Of(record.Key)) }, analyzer);
    }

    private static int Bit(ChunkKind kind) => 1 << (int)kind;

    private static string Name() => RandomNumberGenerator.GetHexString(32, lowercase: true);
}
