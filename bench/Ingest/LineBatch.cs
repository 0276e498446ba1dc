using System.Buffers;
using System.Text.Json;

namespace Sophia.Bench;

/// <summary>Some whole lines in one pooled buffer.</summary>
internal sealed class LineBatch : IDisposable
{
    private const int RoomForLine = 640;

    private readonly byte[] buffer;
    private readonly List<Range> lines = [];

    private LineBatch(byte[] buffer, int filled, int most)
    {
        this.buffer = buffer;
        while (lines.Count < most && buffer.AsSpan(Bytes, filled - Bytes).IndexOf((byte)'\n') is var length and >= 0)
        {
            lines.Add(Bytes..(Bytes + length));
            Bytes += length + 1;
        }
    }

    public int Bytes { get; private set; }

    public int Count => lines.Count;

    public ReadOnlyMemory<byte> this[int index] => buffer.AsMemory(lines[index]);

    /// <summary>The next lines before a position of the file, which then stands behind them.</summary>
    public static LineBatch Read(FileStream file, long until, int most)
    {
        var start = file.Position;
        var room = (int)Math.Min((long)most * RoomForLine, until - start);
        var buffer = ArrayPool<byte>.Shared.Rent(room);
        file.ReadExactly(buffer, 0, room);
        var batch = new LineBatch(buffer, room, most);
        file.Position = start + batch.Bytes;
        return batch;
    }

    /// <summary>The key of a line by its position alone: the baseline is given its rows ready made.</summary>
    public ReadOnlyMemory<byte> KeyOf(int index)
    {
        var line = this[index][("""{"id":""".Length + 1)..];
        return line[..line.Span.IndexOf((byte)'"')];
    }

    /// <summary>Parses a line and does nothing else; the count of tokens keeps the work from being left out.</summary>
    public int TokensOf(int index)
    {
        var reader = new Utf8JsonReader(this[index].Span);
        var tokens = 0;
        while (reader.Read())
            tokens++;
        return tokens;
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);
}
