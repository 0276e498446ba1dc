using Sophia.Sqlite;

namespace Sophia.Log;

/// <summary>What pipelines remember of their sources' partitions.</summary>
internal static class CheckpointTable
{
    public static void Write(DatabaseConnection connection, CheckpointWrite checkpoint, string run, DateTimeOffset at)
    {
        if (checkpoint.State is null)
            connection.Prepare("DELETE FROM checkpoints WHERE pipeline=?1 AND partition=?2").Text(1, checkpoint.Pipeline).Text(2, checkpoint.Partition).Run();
        else
            connection.Prepare("INSERT OR REPLACE INTO checkpoints(pipeline, partition, state, run, at) VALUES(?1, ?2, ?3, ?4, ?5)")
                .Text(1, checkpoint.Pipeline).Text(2, checkpoint.Partition).Text(3, checkpoint.State).Text(4, run).Int(5, LogTime.Micros(at)).Run();
    }

    public static Checkpoint? Find(DatabaseConnection connection, string pipeline, string partition)
    {
        using var find = connection.Prepare("SELECT partition, state, run, at FROM checkpoints WHERE pipeline=?1 AND partition=?2").Text(1, pipeline).Text(2, partition);
        return find.Step() ? Of(pipeline, find) : null;
    }

    public static IReadOnlyList<Checkpoint> List(DatabaseConnection connection, string pipeline, string? after, int limit)
    {
        using var find = connection.Prepare("SELECT partition, state, run, at FROM checkpoints WHERE pipeline=?1 AND (?2 IS NULL OR partition > ?2) ORDER BY partition LIMIT ?3")
            .Text(1, pipeline).Text(2, after).Int(3, limit);
        var found = new List<Checkpoint>();
        while (find.Step())
            found.Add(Of(pipeline, find));
        return found;
    }

    private static Checkpoint Of(string pipeline, SqliteStatement row) => new(pipeline, row.Text(0), row.Text(1), row.Text(2), LogTime.FromMicros(row.Int(3)));
}
