using System.Buffers.Binary;
using Npgsql;

namespace Sophia.Postgres;

/// <summary>Reads columns as Sophia means them.</summary>
internal static class ReaderExtensions
{
    /// <summary>All rows of the current result.</summary>
    public static async Task<List<T>> Rows<T>(this NpgsqlDataReader reader, Func<NpgsqlDataReader, T> row)
    {
        var found = new List<T>();
        while (await reader.ReadAsync())
            found.Add(row(reader));
        return found;
    }

    public static string? TextOrNull(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    public static byte[] Bytes(this NpgsqlDataReader reader, int column) => reader.GetFieldValue<byte[]>(column);

    public static DateTimeOffset Time(this NpgsqlDataReader reader, int column) => reader.GetFieldValue<DateTimeOffset>(column);

    public static DateTimeOffset? TimeOrNull(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.Time(column);

    public static UInt128 Hash(this NpgsqlDataReader reader, int column) => BinaryPrimitives.ReadUInt128BigEndian(reader.Bytes(column));
}
