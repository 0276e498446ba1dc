using System.Diagnostics;
using Npgsql;
using Sophia.Servers;

namespace Sophia.Bench;

/// <summary>The baseline in PostgreSQL: rows by Npgsql's binary COPY into one table, on one connection, each batch a transaction.</summary>
/// <remarks>Only the time within PostgreSQL counts: reading the file and finding the key are given to it for nothing.</remarks>
internal static class PlainPostgres
{
    /// <param name="unique">With a primary key and a unique (stream, key), as a table needs that must not hold a record twice; else without any index.</param>
    public static Measured Copy(PostgresServer server, IEnumerable<LineBatch> batches, bool unique)
    {
        using var scratch = new ScratchDatabase(empty: true, server);
        ScratchDatabase.Execute(scratch.Superuser, unique
            ? "CREATE TABLE rows(id bigserial PRIMARY KEY, stream text COLLATE \"C\" NOT NULL, key bytea NOT NULL, payload bytea NOT NULL, UNIQUE(stream, key))"
            : "CREATE TABLE rows(id bigserial, stream text NOT NULL, key bytea NOT NULL, payload bytea NOT NULL)");
        using var connection = new NpgsqlConnection(scratch.Superuser + ";Pooling=false");
        connection.Open();
        var clock = new Stopwatch();
        long rows = 0;
        foreach (var batch in batches)
            using (batch)
            {
                var keys = Enumerable.Range(0, batch.Count).Select(batch.KeyOf).ToArray();
                clock.Start();
                using (var copy = connection.BeginBinaryImport("COPY rows(stream, key, payload) FROM STDIN (FORMAT BINARY)"))
                {
                    for (var i = 0; i < keys.Length; i++)
                    {
                        copy.StartRow();
                        copy.Write("contacts");
                        copy.Write(keys[i]);
                        copy.Write(batch[i]);
                    }
                    copy.Complete();
                }
                clock.Stop();
                rows += keys.Length;
            }
        return new Measured(rows, rows, clock.Elapsed);
    }
}
