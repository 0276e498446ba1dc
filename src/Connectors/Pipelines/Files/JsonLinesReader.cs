namespace Sophia.Pipelines;

/// <summary>Reads a JSON object a line. A record's payload is its line's own bytes, checked and not copied.</summary>
internal sealed class JsonLinesReader(OpenedFile file, TextBlocks blocks, ReaderState state, ChosenKey chosen, RowKeys keys) : RowReader(file, blocks, state, chosen, keys, state.At)
{
    private readonly JsonShape shape = new(keys.Fields);
    private int searched;

    public static async Task<ISourceReader> Open(OpenedFile file, ReaderState state, CancellationToken cancellation)
    {
        var chosen = await ChosenKey.Of(file, () => Names(file, cancellation), probe => Show(file, probe, cancellation), cancellation);
        var keys = new RowKeys(chosen.Key, file.Path, "line", file.IsDeduplicated);
        if (keys.Remembers && state.At > 0)
            await using (var before = new JsonLinesReader(file, await file.Blocks(0, cancellation), ReaderState.Start(file.Fingerprint), chosen, keys))
                await before.Pass(state.At, cancellation);
        return new JsonLinesReader(file, await file.Blocks(state.At, cancellation), state, chosen, keys);
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
            Emit(shape.KeyValues.Span, Blocks.Keep(indent, line.Length - indent), Blocks.Source.Width(line));
        return true;
    }

    private bool TakeBytes(byte[] line, int length)
    {
        if (shape.Check(line) is { } fault)
            Reject(Blocks.Unread[..length], fault.ToPiece());
        else
            Emit(shape.KeyValues.Span, line, length);
        return true;
    }

    private static async ValueTask Show(OpenedFile file, KeyProbe probe, CancellationToken cancellation)
    {
        await using var reader = await Reader(file, probe.Fields, cancellation);
        await reader.Probe(probe, () => reader.shape.KeyValues, cancellation);
    }

    private static async ValueTask<IReadOnlyList<string>> Names(OpenedFile file, CancellationToken cancellation)
    {
        await using var reader = await Reader(file, [], cancellation);
        return await reader.First(cancellation) is { } first ? JsonShape.NamesOf(first.Span) : [];
    }

    private static async ValueTask<JsonLinesReader> Reader(OpenedFile file, IReadOnlyList<string> fields, CancellationToken cancellation)
    {
        var shown = new ChosenKey(new FileKey(fields, true, MissingKey.Row));
        return new JsonLinesReader(file, await file.Blocks(0, cancellation), ReaderState.Start(file.Fingerprint), shown, new RowKeys(shown.Key, file.Path, "line"));
    }
}
