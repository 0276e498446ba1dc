using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sophia.Pipelines;

/// <summary>Writes a table's row as a JSON object of texts into blocks that are never written again, so that payloads need no copy.</summary>
internal sealed class RowJson
{
    private const int BlockBytes = 256 * 1024;
    private const int LargeRow = 64 * 1024;

    private static readonly SearchValues<byte> Escaped = SearchValues.Create([.. Enumerable.Range(0, 32).Select(c => (byte)c), (byte)'"', (byte)'\\']);

    private readonly byte[][] names;
    private readonly int nameBytes;
    private byte[] block = [];
    private int used;

    public RowJson(IReadOnlyList<string> columns)
    {
        names = [.. columns.Select((column, i) => Encoding.UTF8.GetBytes((i == 0 ? "{\"" : ",\"") + JsonEncodedText.Encode(column, JavaScriptEncoder.UnsafeRelaxedJsonEscaping) + "\":"))];
        nameBytes = names.Sum(name => name.Length);
    }

    public ReadOnlyMemory<byte> Write(ReadOnlySpan<byte> row, CsvCells cells, bool fromWindows1252)
    {
        // A byte becomes at most six (\u0000); a cell adds two quotes or null.
        var bound = nameBytes + names.Length * 4 + row.Length * 6 + 2;
        if (bound <= LargeRow)
        {
            if (block.Length - used < bound)
                (block, used) = (GC.AllocateUninitializedArray<byte>(BlockBytes), 0);
            var length = Write(row, cells, fromWindows1252, block.AsSpan(used));
            used += length;
            return block.AsMemory(used - length, length);
        }
        var scratch = ArrayPool<byte>.Shared.Rent(bound);
        var written = Write(row, cells, fromWindows1252, scratch);
        var exact = scratch.AsSpan(0, written).ToArray();
        ArrayPool<byte>.Shared.Return(scratch);
        return exact;
    }

    private int Write(ReadOnlySpan<byte> row, CsvCells cells, bool fromWindows1252, Span<byte> into)
    {
        var at = 0;
        for (var i = 0; i < names.Length; i++)
        {
            names[i].CopyTo(into[at..]);
            at += names[i].Length;
            if (cells[i].Length == 0)
            {
                "null"u8.CopyTo(into[at..]);
                at += 4;
                continue;
            }
            var text = CsvRow.Plain(row, cells[i]);
            if (fromWindows1252 && FileEncodings.FirstInvalid(text) >= 0)
                text = FileEncodings.FromWindows1252(text);
            into[at++] = (byte)'"';
            at += Escape(text, into[at..]);
            into[at++] = (byte)'"';
        }
        into[at++] = (byte)'}';
        return at;
    }

    private static int Escape(ReadOnlySpan<byte> text, Span<byte> into)
    {
        var at = 0;
        while (true)
        {
            var stop = text.IndexOfAny(Escaped);
            var plain = stop < 0 ? text : text[..stop];
            plain.CopyTo(into[at..]);
            at += plain.Length;
            if (stop < 0)
                return at;
            var (letter, b) = (Letter(text[stop]), text[stop]);
            into[at++] = (byte)'\\';
            into[at++] = letter != 0 ? letter : (byte)'u';
            if (letter == 0)
            {
                "00"u8.CopyTo(into[at..]);
                into[at + 2] = (byte)('0' + (b >> 4));
                into[at + 3] = "0123456789abcdef"u8[b & 15];
                at += 4;
            }
            text = text[(stop + 1)..];
        }
    }

    private static byte Letter(byte b) => b switch
    {
        (byte)'"' => (byte)'"',
        (byte)'\\' => (byte)'\\',
        (byte)'\n' => (byte)'n',
        (byte)'\r' => (byte)'r',
        (byte)'\t' => (byte)'t',
        _ => 0,
    };
}
