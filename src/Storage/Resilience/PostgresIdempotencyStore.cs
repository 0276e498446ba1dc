using Npgsql;
using Sophia.Postgres;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Idempotency keys in PostgreSQL.</summary>
internal sealed class PostgresIdempotencyStore(PostgresDatabase database) : IIdempotencyStore
{
    private const string Found = "SELECT format, record, body FROM sophia.idempotency WHERE tenant=$1 AND name=$2";

    public Task<IdempotencyRecord?> Find(TenantId tenant, string name, CancellationToken cancellation) => database.Find(tenant, ask => ask.Add(Found).Text(name), Of, cancellation);

    public Task<(bool Done, IdempotencyRecord? There)> Write(TenantId tenant, string name, long expected, IdempotencyRecord record, CancellationToken cancellation)
    {
        var (bytes, body) = IdempotencyRecordJson.Write(record);
        return database.Write(tenant, transaction => transaction.Ask(ask =>
        {
            // The tenant's row is locked, so nobody comes between the two.
            var write = ask.Add(expected == 0
                ? "INSERT INTO sophia.idempotency(tenant, name, stamp, format, kept_until, record, body) VALUES($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING stamp"
                : "UPDATE sophia.idempotency SET stamp=$3, format=$4, kept_until=$5, record=$6, body=$7 WHERE tenant=$1 AND name=$2 AND stamp=$8 RETURNING stamp")
                .Text(name).Int(record.Stamp).Int(IdempotencyRecordJson.Format).Time(record.KeptUntil).Bytes(bytes).Bytes(body);
            if (expected != 0)
                write.Int(expected);
            ask.Add(Found).Text(name);
        }, async reader =>
        {
            var done = await reader.ReadAsync();
            await reader.NextResultAsync();
            return done ? (true, record) : (false, (await reader.Rows(Of)).FirstOrDefault());
        }), cancellation, bytes: bytes.Length + (body?.Length ?? 0));
    }

    public Task<string?> Forget(TenantId tenant, string? after, int limit, CancellationToken cancellation) => database.Write(tenant, async transaction =>
    {
        var page = await transaction.Ask(ask => ask.Add("SELECT name, format, record, body FROM sophia.idempotency WHERE tenant=$1 AND ($2 IS NULL OR name > $2) ORDER BY name LIMIT $3").Text(after).Int(limit),
            async reader => await reader.Rows(row => (Name: row.GetString(0), Record: IdempotencyRecordJson.Read(row.GetInt32(1), row.Bytes(2), row.IsDBNull(3) ? null : row.Bytes(3)))));
        var bare = page.Select(row => (row.Name, Was: row.Record, Is: IdempotencyRules.Forgotten(row.Record))).Where(row => !ReferenceEquals(row.Was, row.Is)).ToList();
        if (bare.Count > 0)
            await transaction.Tell(tell =>
            {
                foreach (var (name, _, record) in bare)
                    tell.Add("UPDATE sophia.idempotency SET format=$3, record=$4, body=NULL WHERE tenant=$1 AND name=$2").Text(name).Int(IdempotencyRecordJson.Format).Bytes(IdempotencyRecordJson.Write(record).Record);
            });
        return page.Count < limit ? null : page[^1].Name;
    }, cancellation);

    public Task<int> Sweep(TenantId tenant, DateTimeOffset now, int limit, CancellationToken cancellation) => database.Write(tenant, transaction => transaction.Ask(ask => ask.Add("""
        WITH swept AS (DELETE FROM sophia.idempotency WHERE tenant=$1 AND name IN (SELECT name FROM sophia.idempotency WHERE tenant=$1 AND kept_until < $2 ORDER BY kept_until, name LIMIT $3) RETURNING 1)
        SELECT count(*)::int FROM swept
        """).Time(now).Int(limit), async reader => await reader.ReadAsync() ? reader.GetInt32(0) : 0), cancellation);

    private static IdempotencyRecord Of(NpgsqlDataReader row) => IdempotencyRecordJson.Read(row.GetInt32(0), row.Bytes(1), row.IsDBNull(2) ? null : row.Bytes(2));
}
