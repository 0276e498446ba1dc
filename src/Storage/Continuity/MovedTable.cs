using Npgsql;
using Sophia.Postgres;
using Sophia.Sqlite;

namespace Sophia.Continuity;

/// <summary>One table as both engines hold it: how it is read from SQLite, written to PostgreSQL, and read back from there.</summary>
/// <remarks>
/// Columns are "name:kind"; i whole number, r real, t text, b bytes, k text that PostgreSQL holds as bytes, o yes or no (a number in SQLite),
/// m time (microseconds in SQLite), z time (ISO 8601 text in SQLite). Both sides give a cell the same value, so that rows can be compared.
/// </remarks>
internal sealed class MovedTable
{
    private const string Iso = "YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"";

    private readonly (string Name, char Kind)[] columns;
    private readonly string order;

    /// <param name="stream">The column by which rows are checked in groups, or null.</param>
    public MovedTable(string name, string order, string columns, string? stream = null)
    {
        (Name, this.order) = (name, order);
        this.columns = [.. columns.Split(' ').Select(column => (column[..^2], column[^1]))];
        StreamColumn = stream is null ? -1 : Array.FindIndex(this.columns, column => column.Name == stream);
    }

    public string Name { get; }

    public int StreamColumn { get; }

    public int Columns => columns.Length;

    /// <summary>Rows in the order of their key.</summary>
    public string FromSqlite => $"SELECT {string.Join(", ", columns.Select(column => column.Name))} FROM {Name} ORDER BY {order}";

    /// <summary>Takes one array for each column, after the tenant.</summary>
    public string IntoPostgres => $"""
        INSERT INTO sophia.{Name}(tenant, {string.Join(", ", columns.Select(column => column.Name))}) SELECT $1, {string.Join(", ", columns.Select(column => Taken(column.Name, column.Kind)))}
        FROM unnest({string.Join(", ", columns.Select((column, index) => $"${index + 2}::{TypeOf(column.Kind)}[]"))}) AS w({string.Join(", ", columns.Select(column => column.Name))})
        """;

    public string FromPostgres => $"SELECT {string.Join(", ", columns.Select(column => Given(column.Name, column.Kind)))} FROM sophia.{Name} WHERE tenant=$1 ORDER BY {order}";

    public object? Cell(SqliteStatement row, int column) => row.IsNull(column) ? null : columns[column].Kind switch
    {
        'i' or 'o' or 'm' => row.Int(column),
        'r' => row.RealOrNull(column),
        'b' or 'k' => row.Bytes(column).ToArray(),
        _ => row.Text(column),
    };

    public object? Cell(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : columns[column].Kind switch
    {
        'i' or 'o' or 'm' => row.GetInt64(column),
        'r' => row.GetDouble(column),
        'b' or 'k' => row.Bytes(column),
        _ => row.GetString(column),
    };

    public Array Column(int column, IReadOnlyList<object?[]> rows) => columns[column].Kind switch
    {
        'i' or 'o' or 'm' => rows.Select(row => (long?)row[column]).ToArray(),
        'r' => rows.Select(row => (double?)row[column]).ToArray(),
        'b' or 'k' => rows.Select(row => (byte[]?)row[column]).ToArray(),
        _ => rows.Select(row => (string?)row[column]).ToArray(),
    };

    private static string TypeOf(char kind) => kind switch { 'i' or 'o' or 'm' => "bigint", 'r' => "float8", 'b' or 'k' => "bytea", _ => "text" };

    private static string Taken(string name, char kind) => kind switch
    {
        'o' => $"w.{name} <> 0",
        'm' => $"timestamptz 'epoch' + w.{name} * interval '1 microsecond'",
        'z' => $"w.{name}::timestamptz",
        _ => $"w.{name}",
    };

    private static string Given(string name, char kind) => kind switch
    {
        'i' => $"{name}::bigint",
        'o' => $"{name}::int::bigint",
        'm' => $"(extract(epoch FROM {name}) * 1000000)::bigint",
        'z' => $"to_char({name} AT TIME ZONE 'UTC', '{Iso}')",
        _ => name,
    };
}
