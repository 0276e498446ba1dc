using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Sophia.Sqlite;

/// <summary>One connection with its prepared statements. Used by one thread at a time.</summary>
internal sealed class DatabaseConnection : IDisposable
{
    /// <summary>How long a connection waits for a lock that another one holds, in milliseconds.</summary>
    public const int BusyMilliseconds = 5_000;

    private readonly SqliteConnection connection;
    private readonly Dictionary<string, SqliteStatement> statements = [];
    private readonly Dictionary<Type, object> companions = [];

    /// <param name="vfs">The name of the file layer to use, or null for SQLite's own.</param>
    public DatabaseConnection(string path, bool readOnly, string? vfs)
    {
        SqliteLibrary.Load();
        var source = vfs is null ? path : $"file:{Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal)}?vfs={vfs}";
        connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = source,
            Mode = readOnly ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWriteCreate,
            Pooling = false,
        }.ToString());
        try
        {
            connection.Open();
        }
        catch (SqliteException failure)
        {
            connection.Dispose();
            throw SqliteFault.Of(failure, $"open {path}");
        }
        raw.sqlite3_extended_result_codes(Handle, 1);
    }

    public sqlite3 Handle => connection.Handle!;

    public bool InTransaction => raw.sqlite3_get_autocommit(Handle) == 0;

    /// <summary>The statement of this text, prepared at most once. Dispose it after use, which keeps it.</summary>
    /// <param name="sql">A constant: texts made from data would fill the cache.</param>
    public SqliteStatement Prepare(string sql)
    {
        if (!statements.TryGetValue(sql, out var statement))
            statements[sql] = statement = new SqliteStatement(Handle, sql);
        return statement;
    }

    /// <summary>Runs a script of any number of statements, whose rows are dropped.</summary>
    public void Execute(string script)
    {
        var code = raw.sqlite3_exec(Handle, script);
        if (code != raw.SQLITE_OK)
            throw SqliteFault.Of(Handle, code, $"run \"{script}\"");
    }

    public long Scalar(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Step() ? statement.Int(0) : 0;
    }

    /// <summary>What belongs to this connection and remembers something of its file; forgotten when a transaction is rolled back.</summary>
    public T Companion<T>(Func<DatabaseConnection, T> make) where T : class
    {
        if (!companions.TryGetValue(typeof(T), out var companion))
            companions[typeof(T)] = companion = make(this);
        return (T)companion;
    }

    public void Rollback()
    {
        companions.Clear();
        if (InTransaction)
            raw.sqlite3_exec(Handle, "ROLLBACK");
    }

    public void Dispose()
    {
        foreach (var statement in statements.Values)
            statement.Close();
        statements.Clear();
        connection.Dispose();
    }
}
