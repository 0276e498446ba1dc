using Npgsql;
using Sophia.Log;
using Sophia.Postgres;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Which passages of the engine count, by tenant: read here, changed by <see cref="SearchLedgerWriter"/>.</summary>
internal sealed class SearchLedger(PostgresDatabase database)
{
    public const string Progress = "SELECT engine, build, position, version, chunks, last_record, last_chunk FROM sophia.search_progress WHERE tenant=$1";

    private const string Answering = "SELECT vector, model, version, dimensions, answering, vectors, changes FROM sophia.search_embedders WHERE tenant=$1";

    private const string Columns = "r.id, r.stream, r.key, r.version, r.edition, r.first_chunk, r.chunks, r.kinds, r.indexed_at";

    /// <summary>Passages without a vector ($2) from a place on, oldest first, at most $3. No record has more than 20,000 passages, so none that begins further back reaches the place.</summary>
    public static string Lacks(string place) => $"""
        SELECT c.id FROM sophia.search_records r CROSS JOIN LATERAL generate_series(r.first_chunk, r.first_chunk + r.chunks - 1) AS c(id)
        WHERE r.tenant=$1 AND r.first_chunk > {place} - 20000 AND c.id >= {place} AND NOT EXISTS (SELECT 1 FROM sophia.search_vectors v WHERE v.tenant=$1 AND v.chunk=c.id AND v.vector=$2)
        ORDER BY r.first_chunk, c.id LIMIT $3
        """;

    public Task<LedgerStanding> Standing(TenantId tenant, string engine, CancellationToken cancellation) => database.Read(tenant, Stand, reader => StandingOf(reader, engine), cancellation);

    /// <summary>Where the index stands, and the editions that count of these records.</summary>
    public Task<(LedgerStanding Standing, Dictionary<long, string> Editions)> Live(TenantId tenant, string engine, long[] records, CancellationToken cancellation) => database.Read(tenant, ask =>
    {
        Stand(ask);
        ask.Add("SELECT w.id, r.edition FROM unnest($2::bigint[]) AS w(id) JOIN sophia.search_records r ON r.tenant=$1 AND r.id=w.id WHERE r.chunks > 0").Ints(records);
    }, async reader =>
    {
        var standing = await StandingOf(reader, engine);
        await reader.NextResultAsync();
        return (standing, (await reader.Rows(row => (Id: row.GetInt64(0), Edition: row.GetString(1)))).ToDictionary(row => row.Id, row => row.Edition));
    }, cancellation);

    /// <summary>Where the index stands, and the editions that count of the records of these keys, in whatever stream they are.</summary>
    public Task<(LedgerStanding Standing, string[] Editions)> Named(TenantId tenant, string engine, IReadOnlyList<string> keys, CancellationToken cancellation) => database.Read<(LedgerStanding, string[])>(tenant, ask =>
    {
        Stand(ask);
        ask.Add("SELECT r.edition FROM unnest($2::bytea[]) AS w(key) JOIN sophia.search_records r ON r.tenant=$1 AND r.key=w.key WHERE r.chunks > 0")
            .Blobs([.. keys.Distinct(StringComparer.Ordinal).Select(key => (ReadOnlyMemory<byte>)PostgresKey.Of(key))]);
    }, async reader =>
    {
        var standing = await StandingOf(reader, engine);
        await reader.NextResultAsync();
        return (standing, [.. await reader.Rows(row => row.GetString(0))]);
    }, cancellation);

    /// <summary>The records that hold these passages; one that nobody holds is left out.</summary>
    public async Task<IReadOnlyList<LedgerChunk>> Holding(TenantId tenant, IReadOnlyList<long> chunks, CancellationToken cancellation) => await database.List(tenant, ask => ask.Add($"""
        SELECT {Columns}, w.id FROM unnest($2::bigint[]) AS w(id)
        CROSS JOIN LATERAL (SELECT * FROM sophia.search_records s WHERE s.tenant=$1 AND s.first_chunk <= w.id ORDER BY s.first_chunk DESC LIMIT 1) r WHERE w.id < r.first_chunk + r.chunks
        """).Ints([.. chunks]), row => new LedgerChunk(row.GetInt64(9), Record(row)), cancellation);

    public Task<LedgerRecord?> Find(TenantId tenant, string stream, string key, CancellationToken cancellation) =>
        database.Find(tenant, ask => ask.Add($"SELECT {Columns} FROM sophia.search_records r WHERE r.tenant=$1 AND r.stream=$2 AND r.key=$3").Text(stream).Bytes(PostgresKey.Of(key)), Record, cancellation);

    /// <summary>Passages that have no vector of this name, oldest first.</summary>
    public Task<IReadOnlyList<long>> Lacking(TenantId tenant, string vector, int limit, CancellationToken cancellation) => database.Read<IReadOnlyList<long>>(tenant, ask =>
        ask.Add(Lacks("coalesce((SELECT e.done FROM sophia.search_embedders e WHERE e.tenant=$1 AND e.vector=$2), 0)")).Text(vector).Int(limit), async reader => await reader.Rows(row => row.GetInt64(0)), cancellation);

    private static void Stand(TenantStatements ask)
    {
        ask.Add(Progress);
        ask.Add(Answering);
    }

    private static async Task<LedgerStanding> StandingOf(NpgsqlDataReader reader, string engine)
    {
        var progress = (await reader.Rows(LedgerProgress.Of)).FirstOrDefault();
        await reader.NextResultAsync();
        var embedders = await reader.Rows(row => new LedgerEmbedder(row.GetString(0), new EmbedderId(row.GetString(1), row.GetInt32(2), row.GetInt32(3)), row.GetBoolean(4), row.GetInt64(5), row.GetInt64(6)));
        return progress is null || progress.Engine != engine ? LedgerStanding.Nothing : new LedgerStanding(progress.Build, progress.Cursor, progress.Chunks, embedders);
    }

    private static LedgerRecord Record(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetString(1), PostgresKey.Text(row.Bytes(2)), row.GetInt64(3), row.GetString(4), row.GetInt64(5), row.GetInt32(6), row.GetInt16(7), row.Time(8));
}

/// <summary>Where a tenant's index stands in the engine that is asked; <see cref="Nothing"/> where it stands in none, or in another one.</summary>
internal sealed record LedgerStanding(string? Build, IndexCursor Cursor, long Chunks, IReadOnlyList<LedgerEmbedder> Embedders)
{
    public static readonly LedgerStanding Nothing = new(null, new IndexCursor(0, 0), 0, []);
}

/// <param name="Vector">What its vectors are called in the engine.</param>
/// <param name="Changes">How often some of its vectors came or were replaced.</param>
internal sealed record LedgerEmbedder(string Vector, EmbedderId Id, bool Answering, long Vectors, long Changes);

/// <param name="Kinds">A bit for each <see cref="ChunkKind"/> among its passages.</param>
internal sealed record LedgerRecord(long Id, string Stream, string Key, long Version, string Edition, long FirstChunk, int Chunks, short Kinds, DateTimeOffset IndexedAt);

internal sealed record LedgerChunk(long Chunk, LedgerRecord Record);

/// <summary>The row of a tenant's progress.</summary>
internal sealed record LedgerProgress(string Engine, string Build, IndexCursor Cursor, long Chunks, long LastRecord, long LastChunk)
{
    public static LedgerProgress Of(NpgsqlDataReader row) => new(row.GetString(0), row.GetString(1), new IndexCursor(row.GetInt64(2), row.GetInt32(3)), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6));
}
