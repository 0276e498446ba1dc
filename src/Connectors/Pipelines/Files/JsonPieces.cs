using System.Text.Json;
using Sophia.Log;

namespace Sophia.Pipelines;

/// <summary>What a JSON file holds: an array's objects as records, one or more transcripts, or one object.</summary>
internal static class JsonPieces
{
    private static readonly JsonReaderOptions Strict = new() { MaxDepth = JsonShape.MaxDepth };

    public static async ValueTask<SplitFile> Split(OpenedFile file, ReadOnlyMemory<byte> text, CancellationToken cancellation)
    {
        var start = text.Span.IndexOfAnyExcept(" \t\r\n"u8);
        if (start < 0)
            return new SplitFile([FilePiece.Bad(file.RowStream, 0, text.Length, new PieceFault("json", "a JSON object or array", "The file holds nothing but blanks."))]);
        return text.Span[start] == '[' ? await OfArray(file, text, start, cancellation) : new SplitFile(OfObject(file, text, start));
    }

    public static bool IsArray(ReadOnlySpan<byte> text) => text.TrimStart(" \t\r\n"u8).StartsWith((byte)'[');

    private static IEnumerable<FilePiece> OfObject(OpenedFile file, ReadOnlyMemory<byte> text, int start)
    {
        var json = text[start..];
        var shape = new JsonShape(file.Settings.Key);
        if (shape.Check(json.Span) is { } fault)
            return [FilePiece.Bad(file.RowStream, 0, text.Length, fault.ToPiece())];
        using var document = JsonDocument.Parse(json);
        var transcripts = Transcripts(file, text, document.RootElement);
        if (transcripts.Count > 0)
            return transcripts;
        var key = file.Settings.Key.Count > 0 && !shape.KeyValues.Span.Contains(null) ? RecordKeys.Of(shape.KeyValues.Span) ?? $"{file.Path}#1" : file.Path;
        return [new FilePiece(ObjectStream(file), key, json[..json.Span.TrimEnd(" \t\r\n"u8).Length], start, json.Length)];
    }

    private static async ValueTask<SplitFile> OfArray(OpenedFile file, ReadOnlyMemory<byte> text, int start, CancellationToken cancellation)
    {
        var elements = Elements(file, text, start).ToList();
        if (elements.FirstOrDefault(e => e.Fault is null) is { } first && elements.All(e => e.Fault is null) && MayHoldTurns(first.Payload))
        {
            using var document = JsonDocument.Parse(text[start..]);
            var transcripts = Transcripts(file, text, document.RootElement);
            if (transcripts.Count > 0)
                return new SplitFile(transcripts);
        }
        if (elements.Count == 0)
            return new SplitFile([FilePiece.Bad(file.RowStream, 0, text.Length, new PieceFault("json", "an array of objects", "The array is empty."))]);
        var chosen = await ChosenKey.Of(file, () => ValueTask.FromResult(Names(elements)), probe => Show(elements, probe), cancellation);
        return new SplitFile(Keyed(file, elements, new RowKeys(chosen.Key, file.Path, "element", file.IsDeduplicated)), chosen);
    }

    private static List<FilePiece> Transcripts(OpenedFile file, ReadOnlyMemory<byte> text, JsonElement root)
    {
        var found = TranscriptShape.Find(root);
        return [.. found.Select((transcript, i) => new FilePiece(
            file.StreamOf("transcripts"),
            found.Count == 1 ? file.Path : $"{file.Path}#{transcript.Name ?? (i + 1).ToString(System.Globalization.CultureInfo.InvariantCulture)}",
            TranscriptPayload.Write(file, root, transcript),
            i == 0 ? 0 : text.Length,
            i == 0 ? text.Length : 0))];
    }

    private static bool MayHoldTurns(ReadOnlyMemory<byte> element)
    {
        using var document = JsonDocument.Parse(element);
        return TranscriptShape.IsTurn(document.RootElement, strict: true) || TranscriptShape.Find(document.RootElement).Count > 0;
    }

    private static IReadOnlyList<string> Names(List<FilePiece> elements) => elements.FirstOrDefault(e => e.Fault is null) is { } first ? JsonShape.NamesOf(first.Payload.Span) : [];

    private static ValueTask Show(List<FilePiece> elements, KeyProbe probe)
    {
        var shape = new JsonShape(probe.Fields);
        foreach (var element in elements.Where(e => e.Fault is null).Take(KeyProbe.Rows))
        {
            shape.Check(element.Payload.Span);
            probe.Saw(shape.KeyValues.Span);
        }
        return ValueTask.CompletedTask;
    }

    private static IEnumerable<FilePiece> Keyed(OpenedFile file, List<FilePiece> elements, RowKeys keys)
    {
        var shape = new JsonShape(keys.Fields);
        for (var i = 0; i < elements.Count; i++)
        {
            if (elements[i].Fault is not null)
            {
                yield return elements[i];
                continue;
            }
            shape.Check(elements[i].Payload.Span);
            var key = keys.Of(shape.KeyValues.Span, i + 1, i + 1, elements[i].Payload.Span, out var repeated);
            yield return elements[i] with { Key = key, Repeated = repeated };
        }
    }

    /// <summary>The elements of the root array, each judged by itself; where the text breaks off, the rest is one bad piece.</summary>
    private static IEnumerable<FilePiece> Elements(OpenedFile file, ReadOnlyMemory<byte> text, int start)
    {
        var shape = new JsonShape([]);
        var state = new JsonReaderState(Strict);
        var at = start;
        while (Next(text.Span, ref at, ref state) is var (from, length, problem) && (length > 0 || problem is not null))
        {
            if (problem is not null)
                yield return FilePiece.Bad(file.RowStream, from, text.Length - from, problem);
            else if (FileEncodings.FirstInvalid(text.Span.Slice(from, length)) is >= 0 and var invalid)
                yield return FilePiece.Bad(file.RowStream, from, length, PieceFault.Encoding(file.Mark + from + invalid));
            else if (shape.Check(text.Span.Slice(from, length)) is { } fault)
                yield return FilePiece.Bad(file.RowStream, from, length, fault.ToPiece());
            else
                yield return new FilePiece(file.RowStream, "", text.Slice(from, length), from, length);
            if (problem is not null)
                yield break;
        }
    }

    /// <summary>The next element of the array; length 0 without a problem at its end.</summary>
    private static (int From, int Length, PieceFault? Problem) Next(ReadOnlySpan<byte> text, ref int at, ref JsonReaderState state)
    {
        var reader = new Utf8JsonReader(text[at..], isFinalBlock: true, state);
        var from = at;
        try
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartArray && reader.CurrentDepth == 0)
                reader.Read();
            from = at + (int)reader.TokenStartIndex;
            if (reader is { TokenType: JsonTokenType.EndArray, CurrentDepth: 0 })
            {
                reader.Read(); // anything but blanks after the array throws
                at = text.Length;
                return (from, 0, null);
            }
            reader.Skip();
            var length = at + (int)reader.BytesConsumed - from;
            at += (int)reader.BytesConsumed;
            state = reader.CurrentState;
            return (from, length, null);
        }
        catch (JsonException error)
        {
            return (from, 0, new PieceFault("json", "well-formed JSON to the end of the array", $"{error.Message.Split(". ")[0]}. What came before was read."));
        }
    }

    /// <summary>Files of one object each make a stream by their folder.</summary>
    private static string ObjectStream(OpenedFile file) =>
        file.StreamOf(file.Path.LastIndexOf('/') is > 0 and var slash ? file.Path[..slash] : "objects");
}
