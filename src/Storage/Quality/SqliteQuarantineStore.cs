using Sophia.Log;
using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Quality;

/// <summary>The quarantine in each tenant's log.db.</summary>
internal sealed class SqliteQuarantineStore(DatabaseFiles files) : IQuarantineStore
{
    private const string Columns = """
        id, pipeline, run, stream, key, payload, reasons, state, at, origin_path, origin_offset, origin_length, origin_line, origin_hash, decided_by, decided_at, head_version, format FROM quarantine
        """;

    public Task<QuarantinePage> List(TenantId tenant, QuarantineQuery query, CancellationToken cancellation) =>
        files.Read(tenant, LogSchema.Kind, connection => Page(connection, query), new QuarantinePage([], 0, []), cancellation);

    public Task<QuarantinedItem?> Find(TenantId tenant, long id, CancellationToken cancellation) =>
        files.Read(tenant, LogSchema.Kind, connection => Items(connection.Prepare($"SELECT {Columns} WHERE id=?1").Int(1, id)).FirstOrDefault(), null, cancellation);

    public Task<IReadOnlyList<QuarantinedItem>> OfKey(TenantId tenant, string stream, string key, CancellationToken cancellation) =>
        files.Read<IReadOnlyList<QuarantinedItem>>(tenant, LogSchema.Kind,
            connection => Items(connection.Prepare($"SELECT {Columns} WHERE state=1 AND stream=?1 AND key=?2 ORDER BY id DESC").Text(1, stream).Text(2, key)), [], cancellation);

    private static QuarantinePage Page(DatabaseConnection connection, QuarantineQuery query)
    {
        var items = Items(connection.Prepare($"""
            SELECT {Columns} WHERE (?1 IS NULL OR state=?1) AND id < ?2 AND (?3 IS NULL OR pipeline=?3) AND (?4 IS NULL OR stream=?4) AND (?5 IS NULL OR run=?5)
            ORDER BY id DESC LIMIT ?6
            """).Int(1, (long?)query.State).Int(2, query.Before ?? long.MaxValue).Text(3, query.Pipeline).Text(4, query.Stream).Text(5, query.Run).Int(6, query.Limit));
        using var counts = connection.Prepare("""
            SELECT stream, rule, sum(held) FROM quarantine_counts WHERE (?1 IS NULL OR pipeline=?1) AND (?2 IS NULL OR stream=?2)
            GROUP BY stream, rule HAVING sum(held) > 0 ORDER BY 3 DESC, 1, 2
            """).Text(1, query.Pipeline).Text(2, query.Stream);
        long held = 0;
        var reasons = new List<ReasonCount>();
        while (counts.Step())
            if (counts.Text(1) is { Length: > 0 } rule)
                reasons.Add(new ReasonCount(counts.Text(0), rule, counts.Int(2)));
            else
                held += counts.Int(2);
        return new QuarantinePage(items, held, reasons);
    }

    private static List<QuarantinedItem> Items(SqliteStatement rows)
    {
        using (rows)
        {
            var found = new List<QuarantinedItem>();
            while (rows.Step())
            {
                var (payload, source) = SourcedPayload.Texts(rows.Int(17), rows.IsNull(5) ? null : rows.Bytes(5).ToArray(), $"Quarantined item {rows.Int(0)}");
                found.Add(new QuarantinedItem(
                    rows.Int(0), rows.Text(1), rows.Text(2), rows.Text(3), rows.TextOrNull(4), payload, QuarantineTable.Reasons(rows.Bytes(6)),
                    (QuarantineState)rows.Int(7), LogTime.FromMicros(rows.Int(8)), new Origin(rows.Text(9), rows.Int(10), rows.Int(11), rows.Int(12), rows.TextOrNull(13)),
                    rows.TextOrNull(14), rows.IntOrNull(15) is { } at ? LogTime.FromMicros(at) : null, rows.Int(16), source));
            }
            return found;
        }
    }
}
