using System.Diagnostics;
using Sophia.Operations;
using Sophia.Sqlite;

namespace Sophia.Bench;

/// <summary>The baseline: rows into one SQLite table with a unique (stream, key) index, through the same driver, with the same pragmas and rows a transaction.</summary>
/// <remarks>Only the time within SQLite counts: reading the file and finding the key are given to it for nothing.</remarks>
internal static class PlainSqlite
{
    public static Measured Run(string folder, IEnumerable<LineBatch> batches, StorageOptions options)
    {
        using var connection = new DatabaseConnection(Path.Combine(folder, "plain.db"), readOnly: false, null);
        connection.Execute($"PRAGMA page_size={options.PageBytes}; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint={options.CheckpointBytes / options.PageBytes}; "
            + $"PRAGMA temp_store=MEMORY; PRAGMA cache_size=-{options.WriterCacheKib}; CREATE TABLE rows(id INTEGER PRIMARY KEY, stream TEXT NOT NULL, key TEXT NOT NULL, payload BLOB NOT NULL, UNIQUE(stream, key))");
        var insert = connection.Prepare("INSERT OR IGNORE INTO rows(stream, key, payload) VALUES(?1, ?2, ?3)");
        var clock = new Stopwatch();
        long rows = 0;
        foreach (var batch in batches)
            using (batch)
            {
                var keys = new ReadOnlyMemory<byte>[batch.Count];
                for (var i = 0; i < keys.Length; i++)
                    keys[i] = batch.KeyOf(i);
                clock.Start();
                connection.Execute("BEGIN IMMEDIATE");
                for (var i = 0; i < keys.Length; i++)
                    insert.Utf8(1, "contacts"u8).Utf8(2, keys[i].Span).Blob(3, batch[i].Span).Run();
                connection.Execute("COMMIT");
                clock.Stop();
                rows += keys.Length;
            }
        return new Measured(rows, connection.Scalar("SELECT count(*) FROM rows"), clock.Elapsed);
    }
}

/// <summary>How many rows went in, how many were new, and how long it took.</summary>
internal readonly record struct Measured(long Rows, long New, TimeSpan Took)
{
    public double PerSecond => Rows / Took.TotalSeconds;
}
