using Npgsql;
using Sophia.Postgres;
using Sophia.Quality;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Which records of one append were erased and may not come back: one small question where nothing of its streams was, a second one where something was.</summary>
internal sealed class PostgresErasure(TenantTransaction transaction, PreparedBatch prepared)
{
    private readonly string[] streams = [.. prepared.RecordStreams().Order(StringComparer.Ordinal)];
    private readonly HashSet<(string Stream, UInt128 Content, UInt128 Mark)> learnt = [];
    private HashSet<(string Stream, UInt128 Mark)> found = [];
    private HashSet<(string Stream, UInt128 Mark)> contents = [];

    private const string Chains = """
        WITH RECURSIVE head AS (SELECT w.place, h.position FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS w(stream, key, place) JOIN sophia.streams s ON s.tenant=$1 AND s.name=w.stream
            CROSS JOIN LATERAL (SELECT * FROM sophia.heads WHERE tenant=$1 AND stream_id=s.id AND key=w.key OFFSET 0) AS h),
        chain(place, position, previous) AS (
            SELECT h.place, l.position, l.previous FROM head h CROSS JOIN LATERAL (SELECT * FROM sophia.log WHERE tenant=$1 AND position=h.position OFFSET 0) AS l
            UNION ALL
            SELECT c.place, b.position, b.previous FROM chain c CROSS JOIN LATERAL (SELECT * FROM sophia.log WHERE tenant=$1 AND position=c.previous OFFSET 0) AS b)
        SELECT c.place, l.hash, l.format, l.payload, l.position FROM chain c CROSS JOIN LATERAL (SELECT * FROM sophia.log WHERE tenant=$1 AND position=c.position OFFSET 0) AS l WHERE l.operation=1
        """;

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
        var (asked, said) = (new HashSet<(string Stream, UInt128 Mark)>(), new HashSet<(string Stream, UInt128 Mark)>());
        for (var i = 0; i < prepared.Batch.Entries.Count; i++)
            if (prepared.Batch.Entries[i] is { Type: EntryType.Record } entry)
            {
                asked.Add((entry.Stream, prepared.Marks.Of(entry.Stream, prepared.Key(i))));
                foreach (var content in ErasedContent.Of(entry))
                    said.Add((entry.Stream, prepared.Marks.OfContent(entry.Stream, content)));
            }
        foreach (var item in prepared.Batch.Quarantined)
            if (item.Key is { } key)
            {
                asked.Add((item.Stream, prepared.Marks.Of(item.Stream, key)));
                foreach (var content in ErasedContent.Of(item))
                    said.Add((item.Stream, prepared.Marks.OfContent(item.Stream, content)));
            }
        (found, contents) = await transaction.Ask(ask =>
        {
            Ask(ask, "erased", "mark", asked);
            Ask(ask, "erased_contents", "content", said);
        }, async reader =>
        {
            var marks = await reader.Rows(row => (row.GetString(0), row.Hash(1)));
            await reader.NextResultAsync();
            return (marks.ToHashSet(), (await reader.Rows(row => (row.GetString(0), row.Hash(1)))).ToHashSet());
        });
    }

    /// <summary>Reads what the log and the quarantine have under the keys that are to be erased.</summary>
    public async Task Learn()
    {
        var erases = prepared.Batch.Erases;
        string[] names = [.. erases.Select(record => record.Stream)];
        ReadOnlyMemory<byte>[] keys = [.. erases.Select(record => (ReadOnlyMemory<byte>)PostgresKey.Of(record.Key))];
        var (rows, items) = await transaction.Ask(ask =>
        {
            ask.Add(Chains).Texts(names).Blobs(keys);
            ask.Add("SELECT w.place, q.id, q.format, q.payload FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS w(stream, key, place) JOIN sophia.quarantine q ON q.tenant=$1 AND q.stream=w.stream AND q.key=w.key WHERE q.payload IS NOT NULL").Texts(names).Blobs(keys);
        }, async reader =>
        {
            var chains = await reader.Rows(row => (Place: (int)row.GetInt64(0) - 1, Said: ErasedContent.OfRow(row.Hash(1), row.GetInt16(2), row.Bytes(3)), At: row.GetInt64(4)));
            await reader.NextResultAsync();
            return (chains, await reader.Rows(row => (Place: (int)row.GetInt64(0) - 1, Said: ErasedContent.OfItem(row.GetInt64(1), row.GetInt16(2), row.Bytes(3)), At: row.GetInt64(1))));
        });
        foreach (var one in rows.GroupBy(row => row.Place).Concat(items.GroupBy(item => item.Place)))
            foreach (var (_, said, _) in ErasedContent.IsOfMany(erases[one.Key]) ? [one.MaxBy(each => each.At)] : one.AsEnumerable())
                Says(erases[one.Key], said);
        var own = erases.ToHashSet();
        foreach (var entry in prepared.Batch.Entries)
            if (entry.Type == EntryType.Record && new RecordKey(entry.Stream, entry.Key) is var record && own.Contains(record))
                Says(record, ErasedContent.Of(entry));
    }

    public bool Holds(int index, in Head head) => found.Count + contents.Count > 0 && prepared.Batch.Entries[index] is { Type: EntryType.Record } entry && (found.Contains((entry.Stream, prepared.Marks.Of(entry.Stream, prepared.Key(index))))
        || SaysErased(entry, head));

    /// <summary>Whether a record that was erased said the same, and the entry's own record does not say it already.</summary>
    public bool SaysErased(in NewEntry entry, in Head head) => contents.Count > 0 && entry.Type == EntryType.Record && !LogJudgement.MaySayAgain(entry, head)
        && Stands(entry.Stream, ErasedContent.Of(entry));

    public bool Holds(NewQuarantine item) => found.Count + contents.Count > 0 && item.Key is { } key && (found.Contains((item.Stream, prepared.Marks.Of(item.Stream, key))) || Stands(item.Stream, ErasedContent.Of(item)));

    public void Write(TenantStatements tell)
    {
        var batch = prepared.Batch;
        if (batch.Erases.Count > 0)
            tell.Add("""
                INSERT INTO sophia.erased(tenant, stream, mark, erasure, at, versions) SELECT DISTINCT $1, w.stream, w.mark, $4, $5::timestamptz, 0 FROM unnest($2::text[], $3::bytea[]) AS w(stream, mark)
                ON CONFLICT(tenant, stream, mark) DO UPDATE SET erasure=excluded.erasure, at=excluded.at, versions=0
                """).Texts([.. batch.Erases.Select(record => record.Stream)]).Blobs([.. batch.Erases.Select(record => PostgresHeads.Bytes(prepared.Marks.Of(record.Stream, record.Key)))])
                .Text(batch.Erasure).Time(batch.At);
        if (learnt.Count > 0)
            tell.Add("INSERT INTO sophia.erased_contents(tenant, stream, content, mark) SELECT $1, w.stream, w.content, w.mark FROM unnest($2::text[], $3::bytea[], $4::bytea[]) AS w(stream, content, mark) ON CONFLICT DO NOTHING")
                .Texts([.. learnt.Select(one => one.Stream)]).Blobs([.. learnt.Select(one => PostgresHeads.Bytes(one.Content))]).Blobs([.. learnt.Select(one => PostgresHeads.Bytes(one.Mark))]);
    }

    private bool Stands(string stream, IReadOnlyList<UInt128> said) => said.Any(content => contents.Contains((stream, prepared.Marks.OfContent(stream, content))));

    private void Says(RecordKey record, IReadOnlyList<UInt128> said)
    {
        foreach (var content in said)
            learnt.Add((record.Stream, prepared.Marks.OfContent(record.Stream, content), prepared.Marks.Of(record.Stream, record.Key)));
    }

    private static void Ask(TenantStatements ask, string table, string column, HashSet<(string Stream, UInt128 Mark)> asked) =>
        ask.Add($"SELECT DISTINCT e.stream, e.{column} FROM unnest($2::text[], $3::bytea[]) AS w(stream, mark) JOIN sophia.{table} e ON e.tenant=$1 AND e.stream=w.stream AND e.{column}=w.mark")
            .Texts([.. asked.Select(one => one.Stream)]).Blobs([.. asked.Select(one => PostgresHeads.Bytes(one.Mark))]);
}
