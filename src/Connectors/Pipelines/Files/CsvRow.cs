namespace Sophia.Pipelines;

internal enum CsvParse
{
    Row = 1,
    Blank = 2,

    /// <summary>The row's end is not in the bytes given.</summary>
    NeedsMore = 3,

    /// <summary>A quote is opened and not closed where the file ends.</summary>
    Unclosed = 4,

    /// <summary>Something other than a delimiter follows a closing quote.</summary>
    AfterQuote = 5,
}

/// <summary>Where a cell lies in its row. In a quoted one that has doubled quotes, each pair stands for one.</summary>
internal readonly record struct CsvCell(int Start, int Length, bool DoubledQuotes);

/// <summary>The cells of one row; reused from row to row.</summary>
internal sealed class CsvCells
{
    private CsvCell[] cells = new CsvCell[32];

    public int Count { get; private set; }

    public CsvCell this[int index] => cells[index];

    public void Clear() => Count = 0;

    public void Add(CsvCell cell)
    {
        if (Count == cells.Length)
            Array.Resize(ref cells, Count * 2);
        cells[Count++] = cell;
    }
}

/// <summary>Finds the cells of a row: quotes only where a cell starts with one, doubled inside; rows end with LF, CR LF or CR outside quotes.</summary>
internal static class CsvRow
{
    /// <param name="whole">No bytes follow the given ones.</param>
    /// <param name="length">The row's bytes with its end; for a malformed row those of its first line.</param>
    public static CsvParse Parse(ReadOnlySpan<byte> text, bool whole, byte delimiter, CsvCells cells, out int length)
    {
        cells.Clear();
        length = 0;
        if (text.IsEmpty)
            return CsvParse.NeedsMore;
        var at = 0;
        while (true)
        {
            var start = at;
            var quoted = at < text.Length && text[at] == (byte)'"';
            if (quoted)
            {
                var parse = Quoted(text, whole, ref at, out var doubled);
                if (parse != CsvParse.Row)
                    return parse == CsvParse.Unclosed ? Malformed(parse, text, whole, out length) : parse;
                cells.Add(new CsvCell(start + 1, at - start - 2, doubled));
            }
            else
            {
                var stop = text[at..].IndexOfAny(delimiter, (byte)'\n', (byte)'\r');
                if (stop < 0 && !whole)
                    return CsvParse.NeedsMore;
                at = stop < 0 ? text.Length : at + stop;
                cells.Add(new CsvCell(start, at - start, false));
            }
            if (at == text.Length)
            {
                if (!whole)
                    return CsvParse.NeedsMore;
                length = at;
                return Done(cells, quoted);
            }
            if (text[at] == delimiter)
            {
                at++;
                continue;
            }
            if (text[at] is not ((byte)'\n' or (byte)'\r'))
                return Malformed(CsvParse.AfterQuote, text, whole, out length);
            if (text[at] == '\r' && at + 1 == text.Length && !whole)
                return CsvParse.NeedsMore;
            length = at + (text[at] == '\r' && at + 1 < text.Length && text[at + 1] == '\n' ? 2 : 1);
            return Done(cells, quoted);
        }
    }

    /// <summary>A cell's own bytes, without doubled quotes.</summary>
    public static ReadOnlySpan<byte> Plain(ReadOnlySpan<byte> row, CsvCell cell)
    {
        var raw = row.Slice(cell.Start, cell.Length);
        if (!cell.DoubledQuotes)
            return raw;
        var plain = new byte[raw.Length];
        var written = 0;
        for (var i = 0; i < raw.Length; i++)
        {
            plain[written++] = raw[i];
            i += raw[i] == '"' ? 1 : 0;
        }
        return plain.AsSpan(0, written);
    }

    /// <summary>How many lines a row's bytes hold.</summary>
    public static int Lines(ReadOnlySpan<byte> row)
    {
        var lines = 0;
        for (var i = 0; i < row.Length; i++)
            lines += row[i] == '\n' || (row[i] == '\r' && (i + 1 == row.Length || row[i + 1] != '\n')) ? 1 : 0;
        return lines;
    }

    private static CsvParse Done(CsvCells cells, bool lastQuoted) =>
        cells.Count == 1 && cells[0].Length == 0 && !lastQuoted ? CsvParse.Blank : CsvParse.Row;

    private static CsvParse Quoted(ReadOnlySpan<byte> text, bool whole, ref int at, out bool doubled)
    {
        doubled = false;
        for (at++; ; at += 2)
        {
            var quote = text[at..].IndexOf((byte)'"');
            if (quote < 0)
                return whole ? CsvParse.Unclosed : CsvParse.NeedsMore;
            at += quote;
            if (at + 1 == text.Length && !whole)
                return CsvParse.NeedsMore;
            if (at + 1 == text.Length || text[at + 1] != '"')
                break;
            doubled = true;
        }
        at++;
        return CsvParse.Row;
    }

    private static CsvParse Malformed(CsvParse parse, ReadOnlySpan<byte> text, bool whole, out int length) =>
        TryFirstLine(text, whole, out length) ? parse : CsvParse.NeedsMore;

    /// <summary>The bytes of the first line with its end; false where its end is not in the bytes given.</summary>
    public static bool TryFirstLine(ReadOnlySpan<byte> text, bool whole, out int length)
    {
        var stop = text.IndexOfAny((byte)'\n', (byte)'\r');
        length = stop < 0 ? text.Length : stop + (text[stop] == '\r' && stop + 1 < text.Length && text[stop + 1] == '\n' ? 2 : 1);
        return whole || (stop >= 0 && !(text[stop] == '\r' && stop + 1 == text.Length));
    }
}
