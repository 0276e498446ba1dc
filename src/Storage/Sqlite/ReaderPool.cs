using System.Collections.Concurrent;

namespace Sophia.Sqlite;

/// <summary>Read-only connections of one file: at most <see cref="Operations.StorageOptions.ReadersPerFile"/> are kept, as many are open as threads read.</summary>
internal sealed class ReaderPool(string path, string? vfs, Operations.StorageOptions options) : IDisposable
{
    private readonly ConcurrentBag<DatabaseConnection> idle = [];
    private int generation;

    /// <summary>Reads from one state of the file: what is committed meanwhile is not seen.</summary>
    public T Read<T>(Func<DatabaseConnection, T> work)
    {
        var begun = Volatile.Read(ref generation);
        if (!idle.TryTake(out var connection))
            connection = Open();
        try
        {
            connection.Execute("BEGIN");
            var result = work(connection);
            connection.Execute("COMMIT");
            if (idle.Count < options.ReadersPerFile && begun == Volatile.Read(ref generation))
            {
                idle.Add(connection);
                return result;
            }
            connection.Dispose();
            return result;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Lets go of every connection: another file lies at the path now. One that is reading ends with its reading.</summary>
    public void Renew()
    {
        Interlocked.Increment(ref generation);
        CloseIdle();
    }

    public void Dispose() => CloseIdle();

    public void CloseIdle()
    {
        while (idle.TryTake(out var connection))
            connection.Dispose();
    }

    private DatabaseConnection Open()
    {
        var connection = new DatabaseConnection(path, readOnly: true, vfs);
        connection.Execute($"PRAGMA busy_timeout={DatabaseConnection.BusyMilliseconds}; PRAGMA query_only=1; PRAGMA wal_autocheckpoint=0; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-{options.ReaderCacheKib}; PRAGMA trusted_schema=OFF");
        return connection;
    }
}
