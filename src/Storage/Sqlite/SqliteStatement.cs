using System.Text;
using SQLitePCL;

namespace Sophia.Sqlite;

/// <summary>A prepared statement that is used again and again. Disposing it makes it ready for the next use; <see cref="Close"/> ends it.</summary>
internal sealed class SqliteStatement : IDisposable
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
    private readonly sqlite3 connection;
    private readonly sqlite3_stmt statement;
    private readonly string sql;

    public SqliteStatement(sqlite3 connection, string sql)
    {
        (this.connection, this.sql) = (connection, sql);
        var code = raw.sqlite3_prepare_v2(connection, sql, out statement);
        if (code != raw.SQLITE_OK)
            throw SqliteFault.Of(connection, code, $"prepare \"{sql}\"");
    }

    public SqliteStatement Int(int index, long value)
    {
        raw.sqlite3_bind_int64(statement, index, value);
        return this;
    }

    public SqliteStatement Int(int index, long? value) => value is { } given ? Int(index, given) : Null(index);

    public SqliteStatement Real(int index, double? value)
    {
        if (value is not { } given)
            return Null(index);
        raw.sqlite3_bind_double(statement, index, given);
        return this;
    }

    /// <exception cref="ArgumentException">The text is not valid UTF-16.</exception>
    public SqliteStatement Text(int index, string? value)
    {
        if (value is null)
            return Null(index);
        if (value.Length > 256)
            return Utf8(index, Strict.GetBytes(value));
        Span<byte> bytes = stackalloc byte[value.Length * 3];
        return Utf8(index, bytes[..Strict.GetBytes(value, bytes)]);
    }

    public SqliteStatement Utf8(int index, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
            raw.sqlite3_bind_text(statement, index, "");
        else
            raw.sqlite3_bind_text(statement, index, value);
        return this;
    }

    public SqliteStatement Blob(int index, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
            raw.sqlite3_bind_zeroblob(statement, index, 0);
        else
            raw.sqlite3_bind_blob(statement, index, value);
        return this;
    }

    public SqliteStatement Null(int index)
    {
        raw.sqlite3_bind_null(statement, index);
        return this;
    }

    /// <summary>Goes to the next row; false at the end.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(statement);
        if (code == raw.SQLITE_ROW)
            return true;
        if (code == raw.SQLITE_DONE)
            return false;
        var fault = SqliteFault.Of(connection, code, $"run \"{sql}\"");
        raw.sqlite3_reset(statement);
        throw fault;
    }

    /// <summary>Runs a statement that returns no rows and makes it ready again.</summary>
    public void Run()
    {
        Step();
        raw.sqlite3_reset(statement);
    }

    /// <summary>Makes it ready again, keeping what is bound.</summary>
    public void Reset() => raw.sqlite3_reset(statement);

    public bool IsNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL;

    public long Int(int column) => raw.sqlite3_column_int64(statement, column);

    public long? IntOrNull(int column) => IsNull(column) ? null : Int(column);

    public double? RealOrNull(int column) => IsNull(column) ? null : raw.sqlite3_column_double(statement, column);

    /// <summary>The column's bytes, valid until the next step. Texts come as UTF-8, whole even where they hold a NUL.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(statement, column);

    public string Text(int column) => Encoding.UTF8.GetString(Bytes(column));

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public void Dispose()
    {
        raw.sqlite3_reset(statement);
        raw.sqlite3_clear_bindings(statement);
    }

    public void Close() => statement.Dispose();
}
