using Npgsql;
using Sophia.Postgres;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Idempotency keys in PostgreSQL.</summary>
/// <remarks>Keys are their rows' own business: who writes some holds the tenant's row as one of many, and only against its deletion.</remarks>
internal sealed class PostgresIdempotencyStore(PostgresDatabase database) : IIdempotencyStore
{
    private const string Found = "SELECT format, record, body FROM sophia.idempotency WHERE tenant=$1 AND name=$2";

    private readonly KeyWrites writes = new((tenant, asked) => database.Write(tenant, transaction => Write(transaction, asked()), CancellationToken.None, bytes: KeyWrites.MostBytes, isOneOfMany: true));

    public Task<IdempotencyRecord?> Find(TenantId tenant, string name, CancellationToken cancellation) => database.Find(tenant, ask => ask.Add(Found).Text(name), Of, cancellation);

    public Task<(bool Done, IdempotencyRecord? There)> Write(TenantId tenant, string name, long expected, IdempotencyRecord record, CancellationToken cancellation) =>
        writes.Write(tenant, new KeyWrite(name, expected, record));

    public Task<string?> Forget(TenantId tenant, string? after, int limit, CancellationToken cancellation) => database.Write(tenant, async transaction =>
    {
        var page = await transaction.Ask(ask => ask.Add("SELECT name, format, record, body FROM sophia.idempotency WHERE tenant=$1 AND ($2 IS NULL OR name > $2) ORDER BY name LIMIT $3 FOR NO KEY UPDATE").Text(after).Int(limit),
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
        WITH swept AS (DELETE FROM sophia.idempotency WHERE tenant=$1 AND name IN (SELECT name FROM sophia.idempotency WHERE tenant=$1 AND kept_until < $2 ORDER BY kept_until, name LIMIT $3) AND kept_until < $2 RETURNING 1)
        SELECT count(*)::int FROM swept
        """).Time(now).Int(limit), async reader => await reader.ReadAsync() ? reader.GetInt32(0) : 0), cancellation);

    // In one order of names everywhere: nobody waits for a row while holding one that the other waits for.
    private static async Task<IReadOnlyList<(bool Done, IdempotencyRecord? There)>> Write(TenantTransaction transaction, IReadOnlyList<KeyWrite> asked)
    {
        var (fresh, known) = (asked.Where(one => one.Expected == 0).OrderBy(one => one.Name, StringComparer.Ordinal).ToArray(), asked.Where(one => one.Expected != 0).OrderBy(one => one.Name, StringComparer.Ordinal).ToArray());
        var done = await transaction.Ask(ask =>
        {
            if (fresh.Length > 0)
                Values(ask.Add("""
                    INSERT INTO sophia.idempotency(tenant, name, stamp, format, kept_until, record, body) SELECT $1, name, stamp, $7, kept_until, record, body FROM unnest($2, $3, $4, $5, $6) AS asked(name, stamp, kept_until, record, body)
                    ON CONFLICT DO NOTHING RETURNING name
                    """), fresh);
            if (known.Length > 0)
                Values(ask.Add("""
                    UPDATE sophia.idempotency i SET stamp=asked.stamp, format=$7, kept_until=asked.kept_until, record=asked.record, body=asked.body FROM unnest($2, $3, $4, $5, $6, $8) AS asked(name, stamp, kept_until, record, body, expected)
                    WHERE i.tenant=$1 AND i.name=asked.name AND i.stamp=asked.expected RETURNING i.name
                    """), known).Ints([.. known.Select(one => one.Expected)]);
        }, async reader =>
        {
            var names = await reader.Rows(row => row.GetString(0));
            if (fresh.Length > 0 && known.Length > 0 && await reader.NextResultAsync())
                names.AddRange(await reader.Rows(row => row.GetString(0)));
            return names.ToHashSet();
        });
        var there = done.Count == asked.Count ? [] : await transaction.Ask(ask => ask.Add("SELECT format, record, body, name FROM sophia.idempotency WHERE tenant=$1 AND name=ANY($2)")
            .Texts([.. asked.Select(one => one.Name).Where(name => !done.Contains(name))]), async reader => (await reader.Rows(row => (Name: row.GetString(3), Record: Of(row)))).ToDictionary(row => row.Name, row => row.Record));
        return [.. asked.Select(one => done.Contains(one.Name) ? (true, one.Record) : (false, there.GetValueOrDefault(one.Name)))];
    }

    private static TenantStatement Values(TenantStatement statement, KeyWrite[] asked) => statement.Texts([.. asked.Select(one => one.Name)]).Ints([.. asked.Select(one => one.Record.Stamp)])
        .Times([.. asked.Select(one => one.Record.KeptUntil)]).Column(asked.Select(one => one.Written.Record).ToArray()).Column(asked.Select(one => one.Written.Body).ToArray()).Int(IdempotencyRecordJson.Format);

    private static IdempotencyRecord Of(NpgsqlDataReader row) => IdempotencyRecordJson.Read(row.GetInt32(0), row.Bytes(1), row.IsDBNull(2) ? null : row.Bytes(2));
}
