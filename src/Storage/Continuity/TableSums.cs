using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sophia.Continuity;

/// <summary>Counts and SHA-256 sums of a table's rows in order; where rows belong to streams, one for each stream.</summary>
internal sealed class TableSums(MovedTable table) : IDisposable
{
    private readonly SortedDictionary<long, (long Rows, IncrementalHash Hash)> sums = [];

    public void Add(object?[] row)
    {
        var stream = table.StreamColumn < 0 ? 0 : (long)row[table.StreamColumn]!;
        var (rows, hash) = sums.TryGetValue(stream, out var known) ? known : (0, IncrementalHash.CreateHash(HashAlgorithmName.SHA256));
        Span<byte> length = stackalloc byte[4];
        foreach (var cell in row)
        {
            var bytes = Bytes(cell);
            // Lengths go in too, and -1 for null, so that no two rows look alike when put end to end.
            BinaryPrimitives.WriteInt32BigEndian(length, bytes?.Length ?? -1);
            hash.AppendData(length);
            hash.AppendData(bytes ?? []);
        }
        sums[stream] = (rows + 1, hash);
    }

    /// <summary>By stream's number (0 where there are none): how many rows, and their sum.</summary>
    public IReadOnlyDictionary<long, (long Rows, string Sum)> End() => sums.ToDictionary(sum => sum.Key, sum => (sum.Value.Rows, Convert.ToHexStringLower(sum.Value.Hash.GetHashAndReset())));

    public void Dispose()
    {
        foreach (var (_, hash) in sums.Values)
            hash.Dispose();
    }

    private static byte[]? Bytes(object? cell) => cell switch
    {
        null => null,
        byte[] bytes => bytes,
        long number => Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)),
        double real => Encoding.UTF8.GetBytes(real.ToString("R", CultureInfo.InvariantCulture)),
        _ => Encoding.UTF8.GetBytes((string)cell),
    };
}
