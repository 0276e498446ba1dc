using Npgsql;
using Sophia.Postgres;
using Sophia.Quality;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Which records of one append were erased and may not come back: one small question where nothing of its streams was, a second one where something was.</summary>
internal sealed class PostgresErasure(TenantTransaction transaction, PreparedBatch prepared)
{
    private readonly string[] streams = [.. prepared.RecordStreams().Order(StringComparer.Ordinal)];
    private HashSet<(string Stream, UInt128 Mark)> found = [];

    public void Ask(TenantStatements ask) => ask.Add("SELECT EXISTS(SELECT 1 FROM sophia.erased WHERE tenant=$1 AND stream = ANY($2))").Texts(streams);

    /// <summary>Whether marks have to be made and looked for. Reads the result that was asked for.</summary>
    public static async Task<bool> Touches(NpgsqlDataReader reader)
    {
        var touches = await reader.ReadAsync() && reader.GetBoolean(0);
        await reader.NextResultAsync();
        return touches;
    }

    public async Task Look()
    {
        var asked = new HashSet<(string Stream, UInt128 Mark)>();
        for (var i = 0; i < prepared.Batch.Entries.Count; i++)
            if (prepared.Batch.Entries[i] is { Type: EntryType.Record } entry)
                asked.Add((entry.Stream, prepared.Marks.Of(entry.Stream, prepared.Key(i))));
        foreach (var item in prepared.Batch.Quarantined)
            if (item.Key is { } key)
                asked.Add((item.Stream, prepared.Marks.Of(item.Stream, key)));
        found = [.. await transaction.Ask(
            ask => ask.Add("SELECT e.stream, e.mark FROM unnest($2::text[], $3::bytea[]) AS w(stream, mark) JOIN sophia.erased e ON e.tenant=$1 AND e.stream=w.stream AND e.mark=w.mark")
                .Texts([.. asked.Select(one => one.Stream)]).Blobs([.. asked.Select(one => PostgresHeads.Bytes(one.Mark))]),
            async reader => await reader.Rows(row => (row.GetString(0), row.Hash(1))))];
    }

    public bool Holds(int index) => found.Count > 0 && prepared.Batch.Entries[index] is { Type: EntryType.Record } entry && found.Contains((entry.Stream, prepared.Marks.Of(entry.Stream, prepared.Key(index))));

    public bool Holds(NewQuarantine item) => found.Count > 0 && item.Key is { } key && found.Contains((item.Stream, prepared.Marks.Of(item.Stream, key)));

    public void Write(TenantStatements tell)
    {
        var batch = prepared.Batch;
        if (batch.Erases.Count > 0)
            tell.Add("""
                INSERT INTO sophia.erased(tenant, stream, mark, erasure, at, versions) SELECT DISTINCT $1, w.stream, w.mark, $4, $5::timestamptz, 0 FROM unnest($2::text[], $3::bytea[]) AS w(stream, mark)
                ON CONFLICT(tenant, stream, mark) DO UPDATE SET erasure=excluded.erasure, at=excluded.at, versions=0
                """).Texts([.. batch.Erases.Select(record => record.Stream)]).Blobs([.. batch.Erases.Select(record => PostgresHeads.Bytes(prepared.Marks.Of(record.Stream, record.Key)))])
                .Text(batch.Erasure).Time(batch.At);
    }
}
