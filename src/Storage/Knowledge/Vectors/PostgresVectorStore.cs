using Npgsql;
using Sophia.Postgres;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>The vectors in PostgreSQL, beside the chunks they belong to.</summary>
internal sealed class PostgresVectorStore(PostgresDatabase database) : IVectorStore
{
    public Task<VectorState> State(TenantId tenant, CancellationToken cancellation) => database.Read(tenant, ask =>
    {
        ask.Add(PostgresVectorSql.Embedders).Int(VectorCode.Format);
        ask.Add(PostgresIndexSql.Progress);
    }, async reader =>
    {
        var embedders = await reader.Rows(Embedder);
        await reader.NextResultAsync(cancellation);
        var chunks = (await reader.Rows(row => row.GetInt64(2))).FirstOrDefault();
        return new VectorState(embedders.Find(e => e.Answers)?.Id, chunks, embedders.ToDictionary(e => e.Id, e => e.Vectors));
    }, cancellation);

    public Task<IReadOnlyList<ChunkText>> Lacking(TenantId tenant, EmbedderId embedder, int limit, CancellationToken cancellation) =>
        database.List(tenant, ask => PostgresVectorSql.Of(ask.Add(PostgresVectorSql.Lacking), embedder).Int(limit), Text, cancellation);

    public Task Keep(TenantId tenant, EmbedderId embedder, IReadOnlyList<ChunkVector> vectors, CancellationToken cancellation)
    {
        var codes = VectorBatch.Encode(embedder, vectors);
        return Tell(tenant, tell => PostgresVectorSql.Keep(tell, embedder, codes), cancellation, codes.Sum(c => c.Code.Length));
    }

    public async Task Answer(TenantId tenant, EmbedderId embedder, CancellationToken cancellation)
    {
        await Tell(tenant, tell => PostgresVectorSql.Answer(tell, embedder), cancellation);
        while ((await database.List(tenant, ask => ask.Add("SELECT count(*) FROM sophia.index_embedders WHERE tenant=$1 AND dropped <> 0"), row => row.GetInt64(0), cancellation))[0] > 0)
            await Tell(tenant, PostgresVectorSql.Sweep, cancellation);
    }

    public static PostgresEmbedder Embedder(NpgsqlDataReader row) => new(
        new EmbedderId(row.GetString(0), row.GetInt32(1), row.GetInt32(2)), row.GetInt64(3), row.GetBoolean(5), new VectorPlace(row.GetInt64(6), row.GetInt64(4), row.GetInt64(7)));

    private static ChunkText Text(NpgsqlDataReader row)
    {
        var body = ChunkJson.Texts(row.GetString(2));
        return new ChunkText(row.GetInt64(0), ChunkJson.Texts(row.GetString(1))[0], body[0] is { Length: > 0 } section ? section : null, body[1]);
    }

    // They can be made again, so nobody waits for the disk.
    private Task Tell(TenantId tenant, Action<TenantStatements> tell, CancellationToken cancellation, int bytes = 0) => database.Write(tenant, async transaction =>
    {
        await transaction.Tell(tell);
        return true;
    }, cancellation, waitsForDisk: false, bytes);
}

/// <summary>An embedder's row: how many vectors it has, whether they answer, and which state of them this is.</summary>
internal sealed record PostgresEmbedder(EmbedderId Id, long Vectors, bool Answers, VectorPlace Place);
