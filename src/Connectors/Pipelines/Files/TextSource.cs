namespace Sophia.Pipelines;

/// <summary>A file as UTF-8 bytes, read forwards from any place at which a row may start.</summary>
/// <remarks>UTF-16 becomes UTF-8 on the way, half surrogates becoming bytes that are no UTF-8, so that a reader's own check finds them.
/// Places are always those of the file (of its expanded form where it is compressed).</remarks>
internal sealed class TextSource : IAsyncDisposable
{
    private readonly Stream stream;
    private readonly bool bigEndian;
    private readonly byte[]? units;
    private int unitBytes;
    private int highSurrogate;
    private bool ended;

    public TextSource(Stream stream, FileEncoding encoding)
    {
        this.stream = stream;
        if (encoding is not (FileEncoding.Utf16LittleEndian or FileEncoding.Utf16BigEndian))
            return;
        bigEndian = encoding == FileEncoding.Utf16BigEndian;
        units = new byte[16 * 1024];
    }

    /// <summary>The smallest buffer that <see cref="Read"/> accepts, in bytes.</summary>
    public const int SmallestRead = 8;

    /// <summary>Fills some of the buffer; 0 at the end.</summary>
    public ValueTask<int> Read(Memory<byte> into, CancellationToken cancellation) =>
        units is null ? stream.ReadAsync(into, cancellation) : ReadUnits(into, cancellation);

    /// <summary>How many bytes of the file these bytes stand for.</summary>
    public long Width(ReadOnlySpan<byte> text)
    {
        if (units is null)
            return text.Length;
        long count = 0;
        foreach (var b in text)
            count += b < 0x80 || b >= 0xC0 ? b >= 0xF0 ? 2 : 1 : 0;
        return count * 2;
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private async ValueTask<int> ReadUnits(Memory<byte> into, CancellationToken cancellation)
    {
        var written = 0;
        while (written == 0 && !ended)
        {
            // One unit is at most three bytes, and a half surrogate may still be waiting.
            var room = Math.Min(units!.Length, Math.Max(2, (into.Length - 3) / 3 * 2));
            var read = await stream.ReadAsync(units.AsMemory(unitBytes, room - unitBytes), cancellation);
            ended = read == 0;
            unitBytes += read;
            written = Transcode(into.Span);
        }
        return written;
    }

    private int Transcode(Span<byte> into)
    {
        var written = 0;
        var at = 0;
        for (; at + 1 < unitBytes; at += 2)
            written += Unit(bigEndian ? (units![at] << 8) | units[at + 1] : units![at] | (units[at + 1] << 8), into[written..]);
        if (at < unitBytes && !ended)
            units![0] = units[at];
        unitBytes -= at;
        if (!ended)
            return written;
        written += FlushHalf(into[written..]);
        if (unitBytes > 0)
            into[written++] = 0x80; // an odd last byte: no UTF-8 either
        unitBytes = 0;
        return written;
    }

    private int Unit(int unit, Span<byte> into)
    {
        if (highSurrogate != 0 && unit is >= 0xDC00 and <= 0xDFFF)
        {
            var point = 0x10000 + ((highSurrogate - 0xD800) << 10) + (unit - 0xDC00);
            highSurrogate = 0;
            (into[0], into[1], into[2], into[3]) =
                ((byte)(0xF0 | (point >> 18)), (byte)(0x80 | ((point >> 12) & 0x3F)), (byte)(0x80 | ((point >> 6) & 0x3F)), (byte)(0x80 | (point & 0x3F)));
            return 4;
        }
        var flushed = FlushHalf(into);
        if (unit is >= 0xD800 and <= 0xDBFF)
        {
            highSurrogate = unit;
            return flushed;
        }
        return flushed + Put(unit, into[flushed..]);
    }

    private int FlushHalf(Span<byte> into)
    {
        if (highSurrogate == 0)
            return 0;
        var half = highSurrogate;
        highSurrogate = 0;
        return Put(half, into);
    }

    private static int Put(int unit, Span<byte> into)
    {
        if (unit < 0x80)
        {
            into[0] = (byte)unit;
            return 1;
        }
        if (unit < 0x800)
        {
            (into[0], into[1]) = ((byte)(0xC0 | (unit >> 6)), (byte)(0x80 | (unit & 0x3F)));
            return 2;
        }
        (into[0], into[1], into[2]) = ((byte)(0xE0 | (unit >> 12)), (byte)(0x80 | ((unit >> 6) & 0x3F)), (byte)(0x80 | (unit & 0x3F)));
        return 3;
    }
}
