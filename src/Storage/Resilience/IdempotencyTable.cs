using Sophia.Log;
using Sophia.Sqlite;

namespace Sophia.Resilience;

/// <summary>Idempotency keys in log.db: one row a key. Times are microseconds since 1970 UTC.</summary>
internal static class IdempotencyTable
{
    /// <summary>From format 4 of log.db on (docs/adr/0029). Rows lie in the order in which they came and only their names are scattered, so that a commit of many keys touches few pages.</summary>
    public const string Schema = """
        CREATE TABLE idempotency(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, stamp INTEGER NOT NULL, format INTEGER NOT NULL, kept_until INTEGER NOT NULL, record BLOB NOT NULL, body BLOB);
        CREATE INDEX idempotency_kept ON idempotency(kept_until);
        """;

    public static IdempotencyRecord? Find(DatabaseConnection connection, string name)
    {
        using var find = connection.Prepare("SELECT format, record, body FROM idempotency WHERE name=?1").Text(1, name);
        return find.Step() ? IdempotencyRecordJson.Read((int)find.Int(0), find.Bytes(1), find.IsNull(2) ? null : find.Bytes(2).ToArray()) : null;
    }

    /// <summary>One answer for each, in order: whether its row had the stamp that was expected, and so was written; where not, what is there.</summary>
    public static (bool Done, IdempotencyRecord? There)[] Write(DatabaseConnection connection, IReadOnlyList<KeyWrite> asked) =>
        [.. asked.Select(one => Write(connection, one) ? (true, one.Record) : (false, Find(connection, one.Name)))];

    private static bool Write(DatabaseConnection connection, KeyWrite asked)
    {
        var (record, body) = asked.Written;
        using var write = connection.Prepare(asked.Expected == 0
            ? "INSERT INTO idempotency(name, stamp, format, kept_until, record, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING RETURNING 1"
            : "UPDATE idempotency SET stamp=?2, format=?3, kept_until=?4, record=?5, body=?6 WHERE name=?1 AND stamp=?7 RETURNING 1");
        write.Text(1, asked.Name).Int(2, asked.Record.Stamp).Int(3, IdempotencyRecordJson.Format).Int(4, LogTime.Micros(asked.Record.KeptUntil)).Blob(5, record);
        if (body is null)
            write.Null(6);
        else
            write.Blob(6, body);
        if (asked.Expected != 0)
            write.Int(7, asked.Expected);
        return write.Step();
    }

    public static string? Forget(DatabaseConnection connection, string? after, int limit)
    {
        var page = new List<(string Name, IdempotencyRecord Record)>();
        using (var rows = connection.Prepare("SELECT name, format, record, body FROM idempotency WHERE ?1 IS NULL OR name > ?1 ORDER BY name LIMIT ?2").Text(1, after).Int(2, limit))
            while (rows.Step())
                page.Add((rows.Text(0), IdempotencyRecordJson.Read((int)rows.Int(1), rows.Bytes(2), rows.IsNull(3) ? null : rows.Bytes(3).ToArray())));
        foreach (var (name, record) in page)
            if (IdempotencyRules.Forgotten(record) is var bare && !ReferenceEquals(bare, record))
                connection.Prepare("UPDATE idempotency SET format=?2, record=?3, body=NULL WHERE name=?1").Text(1, name).Int(2, IdempotencyRecordJson.Format).Blob(3, IdempotencyRecordJson.Write(bare).Record).Run();
        return page.Count < limit ? null : page[^1].Name;
    }

    public static int Sweep(DatabaseConnection connection, DateTimeOffset now, int limit)
    {
        connection.Prepare("DELETE FROM idempotency WHERE id IN (SELECT id FROM idempotency WHERE kept_until < ?1 ORDER BY kept_until, id LIMIT ?2)").Int(1, LogTime.Micros(now)).Int(2, limit).Run();
        return (int)connection.Scalar("SELECT changes()");
    }
}
