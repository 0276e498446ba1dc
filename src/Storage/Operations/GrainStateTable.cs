using Sophia.Sqlite;

namespace Sophia.Operations;

/// <summary>Grain state in a database file: one row per grain and state name, replaced only by who has read the newest.</summary>
internal static class GrainStateTable
{
    /// <summary>Part of the schema of every file that holds grain state.</summary>
    public const string Schema = """
        CREATE TABLE grain_state(grain TEXT NOT NULL, name TEXT NOT NULL, etag TEXT NOT NULL, format INTEGER NOT NULL, key_id INTEGER NOT NULL, state BLOB NOT NULL,
            PRIMARY KEY(grain, name)) WITHOUT ROWID
        """;

    public static StoredState? Find(DatabaseConnection connection, string grain, string name)
    {
        using var find = connection.Prepare("SELECT etag, format, state FROM grain_state WHERE grain=?1 AND name=?2").Text(1, grain).Text(2, name);
        return find.Step() ? new StoredState(find.Text(0), (int)find.Int(1), find.Bytes(2).ToArray()) : null;
    }

    /// <summary>Rows of a state's name of grains that begin so and come after that one, in their order.</summary>
    public static IReadOnlyList<(string Grain, StoredState Stored)> Page(DatabaseConnection connection, string start, string after, string name, int limit)
    {
        // The first text that no longer begins so.
        var end = start[..^1] + (char)(start[^1] + 1);
        using var page = connection.Prepare("SELECT grain, etag, format, state FROM grain_state WHERE grain>?1 AND grain<?2 AND name=?3 ORDER BY grain LIMIT ?4").Text(1, after).Text(2, end).Text(3, name).Int(4, limit);
        List<(string, StoredState)> rows = [];
        while (page.Step())
            rows.Add((page.Text(0), new StoredState(page.Text(1), (int)page.Int(2), page.Bytes(3).ToArray())));
        return rows;
    }

    /// <summary>Replaces or (where <paramref name="next"/> is null) deletes the row if its ETag is the held one, null for none; else returns false and the stored one.</summary>
    public static (bool Done, string? StoredTag) Replace(DatabaseConnection connection, string grain, string name, string? held, StoredState? next)
    {
        var stored = Tag(connection, grain, name);
        if (stored != held)
            return (false, stored);
        if (next is null)
            connection.Prepare("DELETE FROM grain_state WHERE grain=?1 AND name=?2").Text(1, grain).Text(2, name).Run();
        else
            connection.Prepare("INSERT OR REPLACE INTO grain_state(grain, name, etag, format, key_id, state) VALUES(?1, ?2, ?3, ?4, 0, ?5)")
                .Text(1, grain).Text(2, name).Text(3, next.Tag).Int(4, next.Format).Blob(5, next.Bytes).Run();
        return (true, next?.Tag);
    }

    private static string? Tag(DatabaseConnection connection, string grain, string name)
    {
        using var find = connection.Prepare("SELECT etag FROM grain_state WHERE grain=?1 AND name=?2").Text(1, grain).Text(2, name);
        return find.Step() ? find.Text(0) : null;
    }
}

/// <summary>A state as it lies on the disk.</summary>
internal sealed record StoredState(string Tag, int Format, byte[] Bytes);
