using System.Text;

namespace Sophia.Pipelines;

/// <summary>Reads a table with a header row; a record is an object of texts, an empty cell null. A row of another width is quarantined, and no row stops the rest.</summary>
internal sealed class CsvReader(OpenedFile file, TextBlocks blocks, ReaderState state, long reportedFrom, CsvDialect dialect, ChosenKey chosen, RowKeys keys)
    : RowReader(file, blocks, state, chosen, keys, reportedFrom)
{
    private const int SampleBytes = 64 * 1024;

    private readonly CsvCells cells = new();
    private readonly RowJson json = new(dialect.Columns);
    private readonly int[] keyColumns = [.. keys.Fields.Select(field => dialect.Columns.ToList().IndexOf(field))];
    private readonly string?[] keyValues = new string?[keys.Fields.Count];

    public static async Task<ISourceReader> Open(OpenedFile file, ReaderState state, CancellationToken cancellation)
    {
        var blocks = await file.Blocks(0, cancellation);
        try
        {
            while (blocks.UnreadLength < SampleBytes && await blocks.More(cancellation))
            {
            }
            var delimiter = file.Format == FileFormat.Tsv ? (byte)'\t' : CsvDialect.Detect(blocks.Unread, blocks.AtEnd);
            var header = new CsvCells();
            int length;
            CsvParse parse;
            while ((parse = CsvRow.Parse(blocks.Unread, blocks.AtEnd, delimiter, header, out length)) == CsvParse.NeedsMore
                && blocks.UnreadLength <= file.Settings.MaxLineBytes
                && (await blocks.More(cancellation) || blocks.UnreadLength > 0))
            {
            }
            if (parse != CsvParse.Row || length > file.Settings.MaxLineBytes || header.Count > CsvDialect.MaxColumns || Names(file, blocks, header, length) is not { } columns)
                return new RefusedFileReader(file, file.RowStream, new PieceFault("header", "a first row of column names", Explain(parse, header)), state);
            var start = new ReaderState(ReaderState.CurrentVersion, file.Fingerprint, file.Mark + blocks.Source.Width(blocks.Unread[..length]), CsvRow.Lines(blocks.Unread[..length]), 0);
            var from = state.At > start.At ? state : start;
            var dialect = new CsvDialect(delimiter, columns);
            var chosen = await ChosenKey.Of(file, () => ValueTask.FromResult(dialect.Columns), probe => Show(file, start, dialect, probe, cancellation), cancellation);
            var keys = new RowKeys(chosen.Key, file.Path, "line", file.IsDeduplicated);
            if (keys.Remembers && from.At > start.At)
                await using (var before = new CsvReader(file, await file.Blocks(start.At, cancellation), start, start.At, dialect, chosen, keys))
                    await before.Pass(from.At, cancellation);
            return new CsvReader(file, await file.Blocks(from.At, cancellation), from, state.At, dialect, chosen, keys);
        }
        finally
        {
            await blocks.DisposeAsync();
        }
    }

    protected override async ValueTask<bool> Next(CancellationToken cancellation)
    {
        int length;
        CsvParse parse;
        while ((parse = CsvRow.Parse(Blocks.Unread, Blocks.AtEnd, dialect.Delimiter, cells, out length)) == CsvParse.NeedsMore)
        {
            if (Blocks.UnreadLength > File.Settings.MaxLineBytes)
                return await GiveUp(cancellation);
            if (!await Blocks.More(cancellation) && Blocks.UnreadLength == 0)
                return false;
        }
        if (length > File.Settings.MaxLineBytes)
            return await GiveUp(cancellation);
        switch (parse)
        {
            case CsvParse.Blank:
                Pass(length, CsvRow.Lines(Blocks.Unread[..length]), countsAsRow: false);
                return true;
            case CsvParse.Row:
                Take(length);
                break;
            default:
                Reject(Blocks.Unread[..length], new PieceFault("csv", "quoted cells that are closed before the next delimiter", Explain(parse, cells)));
                break;
        }
        Pass(length, CsvRow.Lines(Blocks.Unread[..length]), countsAsRow: true);
        return true;
    }

    private void Take(int length)
    {
        var row = Blocks.Unread[..length];
        if (cells.Count != dialect.Columns.Count)
        {
            Reject(row, new PieceFault("columns", $"{dialect.Columns.Count} cells, as the header has", $"The row has {cells.Count}. A cell that holds the delimiter or a quote must stand in quotes."));
            return;
        }
        if (row.Contains((byte)0))
        {
            Reject(row, new PieceFault("text", "text without NUL bytes", "The file may be damaged, or no text."));
            return;
        }
        var invalid = FileEncodings.FirstInvalid(row);
        if (invalid >= 0 && File.Encoding != FileEncoding.Windows1252)
        {
            Reject(row, PieceFault.Encoding(At + Blocks.Source.Width(row[..invalid])));
            return;
        }
        for (var i = 0; i < keyColumns.Length; i++)
            keyValues[i] = keyColumns[i] < 0 || cells[keyColumns[i]].Length == 0 ? null : Text(row, cells[keyColumns[i]], invalid >= 0);
        Emit(keyValues, json.Write(row, cells, fromWindows1252: invalid >= 0), Blocks.Source.Width(row));
    }

    /// <summary>A row that grows beyond the longest allowed: its first line is given up, and reading goes on after that.</summary>
    private async ValueTask<bool> GiveUp(CancellationToken cancellation)
    {
        if (CsvRow.TryFirstLine(Blocks.Unread, Blocks.AtEnd, out var length) && length <= File.Settings.MaxLineBytes)
        {
            Reject(Blocks.Unread[..length], new PieceFault("csv", $"a row of at most {File.Settings.MaxLineBytes} bytes", "A quote that is opened on this line is not closed within that; close it, or raise maxLineBytes."));
            Pass(length, 1, countsAsRow: true);
        }
        else
            await SkipOversizedLine(cancellation);
        return true;
    }

    private static async ValueTask Show(OpenedFile file, ReaderState start, CsvDialect dialect, KeyProbe probe, CancellationToken cancellation)
    {
        var shown = new ChosenKey(new FileKey(probe.Fields, true, MissingKey.Row));
        await using var reader = new CsvReader(file, await file.Blocks(start.At, cancellation), start, start.At, dialect, shown, new RowKeys(shown.Key, file.Path, "line"));
        await reader.Probe(probe, () => reader.keyValues, cancellation);
    }

    private static IReadOnlyList<string>? Names(OpenedFile file, TextBlocks blocks, CsvCells header, int length)
    {
        var row = blocks.Unread[..length];
        var invalid = FileEncodings.FirstInvalid(row) >= 0;
        if (row.Contains((byte)0) || (invalid && file.Encoding != FileEncoding.Windows1252))
            return null;
        var names = new List<string>(header.Count);
        for (var i = 0; i < header.Count; i++)
            names.Add(Text(row, header[i], invalid));
        return CsvDialect.Name(names);
    }

    private static string Text(ReadOnlySpan<byte> row, CsvCell cell, bool fromWindows1252)
    {
        var plain = CsvRow.Plain(row, cell);
        return Encoding.UTF8.GetString(fromWindows1252 && FileEncodings.FirstInvalid(plain) >= 0 ? FileEncodings.FromWindows1252(plain) : plain);
    }

    private static string Explain(CsvParse parse, CsvCells cells) => parse switch
    {
        CsvParse.Unclosed => $"The quote that opens cell {cells.Count + 1} is not closed before the file ends.",
        CsvParse.AfterQuote => $"Text follows the closing quote of cell {cells.Count}; a quote inside a quoted cell is written twice.",
        _ => "It is empty, too long, or not valid text.",
    };
}
