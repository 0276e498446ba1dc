using Sophia.Log;
using Sophia.Operations;
using Sophia.Postgres;
using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Continuity;

/// <summary>What one tenant brought along: rows of all tables, and the streams of its log with their sums.</summary>
/// <param name="Copied">False where an earlier move had brought it already, and only the sums were compared.</param>
public sealed record MovedTenant(string Tenant, bool Copied, long Rows, IReadOnlyList<MovedStream> Streams);

/// <param name="Sum">SHA-256 over the stream's rows in order, the same in both stores.</param>
public sealed record MovedStream(string Stream, long Rows, string Sum);

/// <summary>Copies a data folder's log and state into PostgreSQL, each tenant in one transaction, reads everything back, and compares.</summary>
/// <remarks>Positions stay, so the index beside stays good. The folder says where its log is only after everything compared equal; until then nothing has changed for it, and a move that was cut off goes on.</remarks>
public static class MoveToPostgres
{
    private const int ChunkRows = 5_000;
    private const int ChunkBytes = 8 * 1024 * 1024;

    /// <summary>How long one statement may take here, in seconds: reading a whole table back is one.</summary>
    private const int StatementSeconds = 3_600;

    /// <summary>How long a transaction may wait for the data folder's disk, in seconds: a chunk is read from it between two statements.</summary>
    private const int IdleSeconds = 300;

    /// <exception cref="StorageException">Locked: a Sophia holds the folder. Corrupt: the database holds something else for a tenant. Unreachable: no server.</exception>
    public static async Task Run(string folder, PostgresOptions options, Action<MovedTenant> moved, TimeProvider time, CancellationToken cancellation)
    {
        using var data = DataFolder.Open(folder);
        LogPlace.IsHere(data);
        await using var files = new DatabaseFiles(data, new StorageOptions { DataFolder = folder });
        (options.StatementWithinSeconds, options.IdleTransactionWithinSeconds) = (StatementSeconds, IdleSeconds);
        await using var database = PostgresDatabase.Open(options, time);
        foreach (var tenant in data.Tenants().Where(tenant => files.Exists(tenant, LogSchema.Kind)))
            moved(await Move(files, database, tenant, tenant, LogSchema.Kind, MovedTables.OfTenant, cancellation));
        if (files.Exists(null, PlatformSchema.Kind))
            moved(await Move(files, database, TenantId.Parse(TenantKey.System), null, PlatformSchema.Kind, MovedTables.OfSystem, cancellation));
        LogPlace.Write(data, database.Store);
    }

    private static async Task<MovedTenant> Move(DatabaseFiles files, PostgresDatabase database, TenantId tenant, TenantId? from, DatabaseKind kind, IReadOnlyList<MovedTable> tables, CancellationToken cancellation)
    {
        var there = await database.List(tenant, ask => ask.Add("SELECT 1 FROM sophia.tenants WHERE tenant=$1"), row => row.GetInt32(0), cancellation);
        if (there.Count == 0)
            await database.Write(tenant, transaction => files.Read(from, kind, connection => Copy(connection, transaction, tables, cancellation), false, cancellation), cancellation);
        var (rows, streams) = (0L, new List<MovedStream>());
        foreach (var table in tables)
        {
            var here = await files.Read(from, kind, connection => Sums(connection, table), new Dictionary<long, (long, string)>(), cancellation);
            var copied = await database.Read(tenant, ask => ask.Add(table.FromPostgres), reader => Sums(reader, table), cancellation);
            if (here.Count != copied.Count || here.Any(sum => !copied.TryGetValue(sum.Key, out var other) || other != sum.Value))
                throw new StorageException(StorageFault.Corrupt, there.Count > 0
                    ? $"PostgreSQL at {database.Server} already holds something else for {tenant} ({table.Name}). Move into an empty database."
                    : $"What was copied for {tenant} differs from the data folder ({table.Name}). The folder is as it was.");
            rows += here.Values.Sum(sum => sum.Rows);
            if (table.Name == "log")
                streams.AddRange(await Named(files, from, kind, here, cancellation));
        }
        return new MovedTenant(tenant.Value, there.Count == 0, rows, streams);
    }

    private static bool Copy(DatabaseConnection connection, TenantTransaction transaction, IReadOnlyList<MovedTable> tables, CancellationToken cancellation)
    {
        foreach (var table in tables)
        {
            using var rows = connection.Prepare(table.FromSqlite);
            for (var more = true; more;)
            {
                (var chunk, more) = Chunk(rows, table);
                cancellation.ThrowIfCancellationRequested();
                // This is a storage thread, which holds the file's one state for as long as the tenant takes.
                transaction.Ask(tell => Enumerable.Range(0, table.Columns).Aggregate(tell.Add(table.IntoPostgres), (statement, column) => statement.Column(table.Column(column, chunk))), static _ => Task.FromResult(true)).GetAwaiter().GetResult();
            }
        }
        if (tables == MovedTables.OfTenant)
        {
            transaction.Counters.Position = connection.Scalar("SELECT max(position) FROM log");
            transaction.Counters.Name = connection.Scalar("SELECT max(ifnull((SELECT max(id) FROM streams), 0), ifnull((SELECT max(id) FROM names), 0), ifnull((SELECT max(id) FROM sync_logs), 0))");
            transaction.Counters.Quarantine = connection.Scalar("SELECT ifnull((SELECT seq FROM sqlite_sequence WHERE name='quarantine'), 0)");
        }
        return true;
    }

    /// <summary>The next rows, and whether there may be more: a statement that has ended begins again when it is asked.</summary>
    private static (List<object?[]> Rows, bool More) Chunk(SqliteStatement rows, MovedTable table)
    {
        var chunk = new List<object?[]>();
        for (long bytes = 0; chunk.Count < ChunkRows && bytes < ChunkBytes;)
        {
            if (!rows.Step())
                return (chunk, false);
            chunk.Add(Row(table, column => table.Cell(rows, column)));
            bytes += chunk[^1].Sum(cell => cell is byte[] blob ? blob.Length : 16);
        }
        return (chunk, true);
    }

    private static IReadOnlyDictionary<long, (long Rows, string Sum)> Sums(DatabaseConnection connection, MovedTable table)
    {
        using var sums = new TableSums(table);
        using var rows = connection.Prepare(table.FromSqlite);
        while (rows.Step())
            sums.Add(Row(table, column => table.Cell(rows, column)));
        return sums.End();
    }

    private static async Task<IReadOnlyDictionary<long, (long Rows, string Sum)>> Sums(Npgsql.NpgsqlDataReader reader, MovedTable table)
    {
        using var sums = new TableSums(table);
        while (await reader.ReadAsync())
            sums.Add(Row(table, column => table.Cell(reader, column)));
        return sums.End();
    }

    private static object?[] Row(MovedTable table, Func<int, object?> cell)
    {
        var row = new object?[table.Columns];
        for (var column = 0; column < row.Length; column++)
            row[column] = cell(column);
        return row;
    }

    private static Task<List<MovedStream>> Named(DatabaseFiles files, TenantId? from, DatabaseKind kind, IReadOnlyDictionary<long, (long Rows, string Sum)> sums, CancellationToken cancellation) =>
        files.Read(from, kind, connection =>
        {
            using var names = connection.Prepare("SELECT id, name FROM streams ORDER BY name");
            var streams = new List<MovedStream>();
            while (names.Step())
                if (sums.TryGetValue(names.Int(0), out var sum))
                    streams.Add(new MovedStream(names.Text(1), sum.Rows, sum.Sum));
            return streams;
        }, [], cancellation);
}
