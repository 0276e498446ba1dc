namespace Sophia.Pipelines;

/// <summary>Reads a JSON object a line. A record's payload is its line's own bytes, checked and not copied.</summary>
internal sealed class JsonLinesReader(OpenedFile file, TextBlocks blocks, ReaderState state, IReadOnlyList<string> keyFields) : RowReader(file, blocks, state, state.At)
{
    private readonly JsonShape shape = new(keyFields);
    private int searched;

    public static async Task<ISourceReader> Open(OpenedFile file, ReaderState state, CancellationToken cancellation)
    {
        var keys = file.Settings.Key;
        if (keys.Count == 0)
            keys = await ProbeKey(file, cancellation);
        return new JsonLinesReader(file, await file.Blocks(state.At, cancellation), state, keys);
    }

    protected override async ValueTask<bool> Next(CancellationToken cancellation)
    {
        int newline;
        while ((newline = Blocks.Unread[searched..].IndexOf((byte)'\n')) < 0)
        {
            searched = Blocks.UnreadLength;
            if (searched > File.Settings.MaxLineBytes || !await Blocks.More(cancellation))
                break;
        }
        var length = newline < 0 ? Blocks.UnreadLength : searched + newline;
        searched = 0;
        if (length > File.Settings.MaxLineBytes)
            await SkipOversizedLine(cancellation);
        else if (newline < 0 && length == 0)
            return false;
        else
            Pass(newline < 0 ? length : length + 1, newline < 0 ? 0 : 1, Take(length));
        return true;
    }

    /// <summary>Judges one line without its newline; false where it is blank.</summary>
    private bool Take(int length)
    {
        var line = Blocks.Unread[..length].TrimEnd(" \t\r"u8);
        var indent = line.IndexOfAnyExcept((byte)' ', (byte)'\t');
        if (indent < 0)
            return false;
        var invalid = FileEncodings.FirstInvalid(line);
        if (invalid >= 0 && File.Encoding == FileEncoding.Windows1252)
            return TakeBytes(FileEncodings.FromWindows1252(line[indent..]), length);
        if (invalid >= 0)
            Reject(Blocks.Unread[..length], PieceFault.Encoding(At + Blocks.Source.Width(line[..invalid])));
        else if (shape.Check(line[indent..]) is { } fault)
            Reject(Blocks.Unread[..length], fault.ToPiece());
        else
            Emit(RecordKeys.Of(shape.KeyValues.Span, File.Path, Row + 1), Blocks.Keep(indent, line.Length - indent), Blocks.Source.Width(line));
        return true;
    }

    private bool TakeBytes(byte[] line, int length)
    {
        if (shape.Check(line) is { } fault)
            Reject(Blocks.Unread[..length], fault.ToPiece());
        else
            Emit(RecordKeys.Of(shape.KeyValues.Span, File.Path, Row + 1), line, length);
        return true;
    }

    private static async Task<IReadOnlyList<string>> ProbeKey(OpenedFile file, CancellationToken cancellation)
    {
        var keys = RecordKeys.Probe(file.Path);
        await using var reader = new JsonLinesReader(file, await file.Blocks(0, cancellation), ReaderState.Start(file.Fingerprint), keys.Candidates);
        return await reader.Probe(keys, () => reader.shape.KeyValues, cancellation);
    }
}
