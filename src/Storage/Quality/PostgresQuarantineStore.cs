using System.Text;
using Npgsql;
using Sophia.Log;
using Sophia.Postgres;
using Sophia.Tenants;

namespace Sophia.Quality;

/// <summary>The quarantine in PostgreSQL.</summary>
internal sealed class PostgresQuarantineStore(PostgresDatabase database) : IQuarantineStore
{
    private const string Columns = """
        SELECT id, pipeline, run, stream, key, payload, reasons, state, at, origin_path, origin_offset, origin_length, origin_line, origin_hash, decided_by, decided_at, head_version, format
            FROM sophia.quarantine WHERE tenant=$1
        """;

    public Task<QuarantinePage> List(TenantId tenant, QuarantineQuery query, CancellationToken cancellation) => database.Read(tenant, ask =>
    {
        ask.Add($"""
            {Columns} AND ($2 IS NULL OR state=$2) AND id < $3 AND ($4 IS NULL OR pipeline=$4) AND ($5 IS NULL OR stream=$5) AND ($6 IS NULL OR run=$6) ORDER BY id DESC LIMIT $7
            """).Int((long?)query.State).Int(query.Before ?? long.MaxValue).Text(query.Pipeline).Text(query.Stream).Text(query.Run).Int(query.Limit);
        ask.Add("""
            SELECT stream, rule, sum(held)::bigint FROM sophia.quarantine_counts WHERE tenant=$1 AND ($2 IS NULL OR pipeline=$2) AND ($3 IS NULL OR stream=$3)
            GROUP BY stream, rule HAVING sum(held) > 0 ORDER BY 3 DESC, 1, 2
            """).Text(query.Pipeline).Text(query.Stream);
    }, async reader =>
    {
        var items = await reader.Rows(Item);
        await reader.NextResultAsync();
        var counts = await reader.Rows(row => new ReasonCount(row.GetString(0), row.GetString(1), row.GetInt64(2)));
        return new QuarantinePage(items, counts.Where(count => count.Rule.Length == 0).Sum(count => count.Count), [.. counts.Where(count => count.Rule.Length > 0)]);
    }, cancellation);

    public Task<QuarantinedItem?> Find(TenantId tenant, long id, CancellationToken cancellation) =>
        database.Find(tenant, ask => ask.Add($"{Columns} AND id=$2").Int(id), Item, cancellation);

    public Task<IReadOnlyList<QuarantinedItem>> OfKey(TenantId tenant, string stream, string key, CancellationToken cancellation) =>
        database.List(tenant, ask => ask.Add($"{Columns} AND state=1 AND stream=$2 AND md5(key)=md5($3) AND key=$3 ORDER BY id DESC").Text(stream).Bytes(PostgresKey.Of(key)), Item, cancellation);

    private static QuarantinedItem Item(NpgsqlDataReader row)
    {
        var (payload, source) = SourcedPayload.Texts(row.GetInt16(17), row.IsDBNull(5) ? null : row.Bytes(5), $"Quarantined item {row.GetInt64(0)}");
        return new QuarantinedItem(row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3), row.IsDBNull(4) ? null : PostgresKey.Text(row.Bytes(4)), payload,
            QuarantineTable.Reasons(Encoding.UTF8.GetBytes(row.GetString(6))), (QuarantineState)row.GetInt16(7), row.Time(8),
            new Origin(row.GetString(9), row.GetInt64(10), row.GetInt64(11), row.GetInt64(12), row.TextOrNull(13)), row.TextOrNull(14), row.TimeOrNull(15), row.GetInt64(16), source);
    }
}
