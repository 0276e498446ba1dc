using Sophia.Log;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>A record or bad piece of a file that is read as a whole. Offset and length are in the file's text as UTF-8.</summary>
internal sealed record FilePiece(string Stream, string? Key, ReadOnlyMemory<byte> Payload, int Offset, int Length, PieceFault? Fault = null)
{
    /// <summary>Why it is held back although it is a record: its key is another one's.</summary>
    public CellReason? Repeated { get; init; }

    public static FilePiece Bad(string stream, int offset, int length, PieceFault fault) => new(stream, "", default, offset, length, fault);
}

/// <param name="Chosen">What its records are called by, where that was looked for.</param>
internal sealed record SplitFile(IEnumerable<FilePiece> Pieces, ChosenKey? Chosen = null);

/// <summary>Reads a file that only means something as a whole, as far as a limit (maxDocumentBytes unless it is told another). It goes on by counting pieces, so the split must be the same each time.</summary>
internal sealed class WholeFileReader(OpenedFile file, ReaderState state, Func<OpenedFile, ReadOnlyMemory<byte>, CancellationToken, ValueTask<SplitFile>> split, int? maxBytes = null, string setting = "maxDocumentBytes") : ISourceReader
{
    public WholeFileReader(OpenedFile file, ReaderState state, Func<OpenedFile, ReadOnlyMemory<byte>, IEnumerable<FilePiece>> split, int? maxBytes = null, string setting = "maxDocumentBytes")
        : this(file, state, (opened, text, _) => ValueTask.FromResult(new SplitFile(split(opened, text))), maxBytes, setting)
    {
    }

    private readonly int limit = maxBytes ?? file.Settings.MaxDocumentBytes;
    private readonly OffsetMap map = new();
    private IEnumerator<FilePiece>? pieces;
    private ChosenKey? chosen;
    private TextSource? source;
    private ReadOnlyMemory<byte> text;
    private long reported = state.At;
    private long row = state.Row;
    private bool done = state.Done;
    private ISourceReader? refused;

    public async ValueTask<SourceBatch?> Read(BatchBudget budget, CancellationToken cancellation)
    {
        if (done)
            return null;
        if (pieces is null && refused is null)
            await Load(cancellation);
        if (refused is not null)
            return await refused.Read(budget, cancellation);
        return Batch(budget, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        pieces?.Dispose();
        if (source is not null)
            await source.DisposeAsync();
    }

    private SourceBatch Batch(BatchBudget budget, CancellationToken cancellation)
    {
        var records = new List<SourceRecord>();
        var bad = new List<BadPiece>();
        var (bytes, at) = (0L, reported);
        while (!done && records.Count + bad.Count < budget.MaxRecords && bytes < budget.MaxBytes)
        {
            cancellation.ThrowIfCancellationRequested();
            if (done = !pieces!.MoveNext())
                break;
            var piece = pieces.Current;
            row++;
            bytes += piece.Payload.Length;
            var (offset, length, line) = map.Place(source!, text.Span, piece, file.Mark);
            at = offset + length;
            if (piece.Fault is { } fault)
                bad.Add(Pieces.Bad(piece.Stream, file.Path, offset, length, line, text.Span.Slice(piece.Offset, piece.Length), fault));
            else
                records.Add(new SourceRecord(piece.Stream, piece.Key, RecordOperation.Upsert, piece.Payload, offset, (int)length, line) { Faults = piece.Repeated is { } repeated ? [repeated] : null });
        }
        if (done)
            at = file.Mark + source!.Width(text.Span);
        var consumed = at - reported;
        reported = at;
        var batch = new SourceBatch(records, bad, new ReaderState(ReaderState.CurrentVersion, file.Fingerprint, at, 0, row, done).ToString(), consumed);
        if (chosen is not { } told || records.Count == 0)
            return batch;
        chosen = null;
        return batch with { Keys = told.Write is { } write ? [write] : [], Lines = told.Line is { } said && state.Row == 0 ? [said] : [] };
    }

    private async ValueTask Load(CancellationToken cancellation)
    {
        source = new TextSource(await file.OpenAt(file.Mark, cancellation), file.Encoding);
        var buffer = GC.AllocateUninitializedArray<byte>(64 * 1024);
        var length = 0;
        try
        {
            for (int read; (read = await source.Read(buffer.AsMemory(length), cancellation)) > 0;)
            {
                length += read;
                if (length > limit)
                {
                    refused = Refused(PieceFault.Oversized(length, limit, setting) with { Hint = $"The file is larger. Raise {setting} in the source if such a size is meant." });
                    return;
                }
                if (buffer.Length - length < TextSource.SmallestRead)
                    Array.Resize(ref buffer, (int)Math.Min(Array.MaxLength, buffer.Length * 2L));
            }
        }
        catch (InvalidDataException error)
        {
            refused = Refused(PieceFault.Damaged(error.Message));
            return;
        }
        text = buffer.AsMemory(0, length);
        if (!MakeValid())
            return;
        (var found, chosen) = await split(file, text, cancellation);
        pieces = found.GetEnumerator();
        for (var skipped = 0L; skipped < row && pieces.MoveNext(); skipped++)
        {
        }
    }

    private bool MakeValid()
    {
        var invalid = FileEncodings.FirstInvalid(text.Span);
        if (invalid >= 0 && file.Encoding == FileEncoding.Windows1252)
            text = FileEncodings.FromWindows1252(text.Span);
        else if (file.Format == FileFormat.Json && JsonPieces.IsArray(text.Span))
            return true; // Its elements are judged one by one.
        else if (invalid >= 0)
            refused = Refused(PieceFault.Encoding(file.Mark + source!.Width(text.Span[..invalid])));
        else if (text.Span.Contains((byte)0))
            refused = Refused(new PieceFault("text", "text without NUL bytes", "The file may be damaged, or no text."));
        return refused is null;
    }

    private RefusedFileReader Refused(PieceFault fault) => new(file, file.RowStream, fault, state);

    /// <summary>Turns places in the text into places in the file and lines, going forwards.</summary>
    private sealed class OffsetMap
    {
        private int at;
        private long fileAt;
        private long line = 1;

        public (long Offset, long Length, long Line) Place(TextSource source, ReadOnlySpan<byte> text, FilePiece piece, int mark)
        {
            var between = text[at..piece.Offset];
            fileAt += source.Width(between);
            line += between.Count((byte)'\n');
            at = piece.Offset;
            return (mark + fileAt, source.Width(text.Slice(piece.Offset, piece.Length)), line);
        }
    }
}
