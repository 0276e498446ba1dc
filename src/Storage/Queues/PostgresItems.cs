using System.Text;
using Npgsql;
using Sophia.Postgres;

namespace Sophia.Queues;

/// <summary>Reads items from PostgreSQL.</summary>
internal static class PostgresItems
{
    private const string Columns = """
        SELECT id, queue, kind, state, gate, priority, cost, enqueued_at, due_at, changed_at, deadline, attempts, max_attempts, lapses, dedup, order_key, worker, lease_until, origin, cause, error, payload, replay
            FROM sophia.queue_items WHERE tenant=$1
        """;

    private const string Aside = """
        ($2 IS NULL OR queue=$2) AND ($3 IS NULL OR kind=$3) AND ($4 IS NULL OR cause=$4) AND ($5 IS NULL OR strpos(lower(coalesce(error, '')), lower($5)) > 0)
        """;

    public static void AskPage(TenantStatements ask, WorkQuery query) => Filtered(ask.Add($"{Columns} AND {(query.State is null ? "state > 3" : $"state = {(int)query.State}")} AND {Aside} AND id < $6 ORDER BY id DESC LIMIT $7"), query)
        .Int(query.Before ?? long.MaxValue).Int(query.Limit);

    public static void AskOne(TenantStatements ask, long id) => ask.Add($"{Columns} AND id=$2").Int(id);

    public static void AskMatching(TenantStatements ask, WorkQuery filter, long after, long upTo, int limit)
    {
        Filtered(ask.Add($"SELECT count(*) FROM sophia.queue_items WHERE tenant=$1 AND state > 3 AND {Aside} AND id > $6 AND id <= $7"), filter).Int(after).Int(upTo);
        Filtered(ask.Add($"SELECT id FROM sophia.queue_items WHERE tenant=$1 AND state > 3 AND {Aside} AND id > $6 AND id <= $7 ORDER BY id LIMIT $8"), filter).Int(after).Int(upTo).Int(limit);
    }

    public static WorkItem Item(NpgsqlDataReader row, bool withPayload)
    {
        var (state, payload) = ((WorkState)row.GetInt16(3), row.Bytes(21));
        return new WorkItem(row.GetInt64(0), row.GetString(1), row.GetString(2), state, (WorkGate)row.GetInt16(4), row.GetInt32(5), row.GetInt32(6), row.Time(7), row.Time(8), row.Time(9), row.TimeOrNull(10), row.GetInt32(11),
            row.GetInt32(12), row.GetInt32(13), row.TextOrNull(14), row.TextOrNull(15), row.TextOrNull(16), row.TimeOrNull(17), row.TextOrNull(18), row.IsDBNull(19) ? null : (WorkCause)row.GetInt16(19), row.TextOrNull(20),
            withPayload && state != WorkState.Done ? Encoding.UTF8.GetString(payload) : null, payload.Length, row.IsDBNull(22) ? null : row.GetInt64(22));
    }

    /// <summary>The number that a result begins with; goes on to the next result.</summary>
    public static async Task<long> One(this NpgsqlDataReader reader)
    {
        var one = await reader.ReadAsync() ? reader.GetInt64(0) : 0;
        await reader.NextResultAsync();
        return one;
    }

    private static TenantStatement Filtered(TenantStatement statement, WorkQuery query) => statement.Text(query.Queue).Text(query.Kind).Int((long?)query.Cause).Text(query.Error);
}
