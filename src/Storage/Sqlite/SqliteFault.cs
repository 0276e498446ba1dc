using SQLitePCL;
using Sophia.Log;

namespace Sophia.Sqlite;

/// <summary>Turns SQLite's result codes into the store's few faults.</summary>
internal static class SqliteFault
{
    private const int IoShmSize = raw.SQLITE_IOERR | (19 << 8);

    public static StorageException Of(sqlite3 connection, int code, string doing)
    {
        var extended = raw.sqlite3_extended_errcode(connection);
        var exact = (extended & 0xFF) == (code & 0xFF) ? extended : code;
        return new StorageException(Kind(exact), $"SQLite could not {doing}: {raw.sqlite3_errmsg(connection).utf8_to_string()} (code {exact}).");
    }

    public static StorageException Of(Microsoft.Data.Sqlite.SqliteException failure, string doing) =>
        new(Kind(failure.SqliteExtendedErrorCode), $"SQLite could not {doing}: {failure.Message}", failure);

    /// <summary>Whether the connection may go on after this, once its transaction is rolled back. A failed sync leaves the disk in doubt.</summary>
    public static bool LeavesConnectionUsable(StorageFault fault) => fault is StorageFault.Full or StorageFault.Locked;

    private static StorageFault Kind(int code) => (code & 0xFF, code) switch
    {
        (raw.SQLITE_FULL, _) or (_, IoShmSize) => StorageFault.Full,
        (raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB, _) => StorageFault.Corrupt,
        (raw.SQLITE_BUSY or raw.SQLITE_LOCKED, _) => StorageFault.Locked,
        (raw.SQLITE_CANTOPEN or raw.SQLITE_PERM or raw.SQLITE_READONLY, _) => StorageFault.Unreachable,
        _ => StorageFault.Unknown,
    };
}
