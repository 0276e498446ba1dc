using System.Buffers;
using System.Text;
using System.Text.Json;
using Sophia.Knowledge;

namespace Sophia.Pipelines;

/// <summary>Markdown, text and captions: one record a file, a transcript where the lines are somebody's.</summary>
internal static class DocumentPieces
{
    public static IEnumerable<FilePiece> Markdown(OpenedFile file, ReadOnlyMemory<byte> text)
    {
        var all = Encoding.UTF8.GetString(text.Span);
        var front = FrontMatter.Read(all);
        var body = front is { } found ? all[found.BodyStart..] : all;
        return [Document(file, "markdown", body, front?.Front, FrontTitle(front?.Front) ?? (Headings.First(body) is { } heading ? MarkdownLine.Heading(heading) : null), text.Length)];
    }

    public static IEnumerable<FilePiece> Text(OpenedFile file, ReadOnlyMemory<byte> text)
    {
        var all = Encoding.UTF8.GetString(text.Span);
        if (SpokenLines.Read(all) is { } turns)
            return [Transcript(file, turns, text.Length)];
        return [Document(file, "text", all, null, file.Path.EndsWith(".rst", StringComparison.OrdinalIgnoreCase) ? Headings.First(all) : null, text.Length)];
    }

    public static IEnumerable<FilePiece> Captions(OpenedFile file, ReadOnlyMemory<byte> text)
    {
        var turns = CaptionCues.Read(Encoding.UTF8.GetString(text.Span));
        return [turns.Count > 0
            ? Transcript(file, turns, text.Length)
            : FilePiece.Bad(file.StreamOf("transcripts"), 0, text.Length, new PieceFault("captions", "cues with a line such as 00:00:01.000 --> 00:00:04.000", "No cue with text was found."))];
    }

    private static FilePiece Document(OpenedFile file, string format, string body, JsonElement? front, string? title, int length)
    {
        var stream = file.StreamOf("documents");
        if (string.IsNullOrWhiteSpace(body))
            return FilePiece.Bad(stream, 0, length, new PieceFault("text", "some text", "The file holds nothing but blanks."));
        var payload = Write(json =>
        {
            json.WriteString("kind", "document");
            json.WriteString("format", format);
            json.WriteString("title", title ?? FileFormats.Stem(file.FileName));
            json.WriteString("path", file.Path);
            json.WriteString("text", body);
            json.WritePropertyName("front");
            if (front is { } element)
                element.WriteTo(json);
            else
                json.WriteRawValue("{}"u8);
        });
        return new FilePiece(stream, file.Path, payload, 0, length);
    }

    private static FilePiece Transcript(OpenedFile file, IReadOnlyList<SpokenTurn> turns, int length)
    {
        var payload = Write(json =>
        {
            json.WriteString("kind", "transcript");
            json.WriteString("title", FileFormats.Stem(file.FileName));
            json.WriteString("path", file.Path);
            json.WriteNull("at");
            json.WriteStartArray("turns");
            foreach (var turn in turns)
            {
                json.WriteStartObject();
                json.WriteString("speaker", turn.Speaker);
                json.WriteString("text", turn.Text);
                if (turn.Start is { } start)
                    json.WriteString("start", start);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartObject("metadata");
            json.WriteEndObject();
            json.WriteStartObject("extra");
            json.WriteEndObject();
        });
        return new FilePiece(file.StreamOf("transcripts"), file.Path, payload, 0, length);
    }

    internal static byte[] Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, TranscriptPayload.Options))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static string? FrontTitle(JsonElement? front) =>
        front is { } element && element.TryGetProperty("title", out var title) && title.ValueKind == JsonValueKind.String && title.GetString() is { Length: > 0 } text ? text : null;
}

/// <summary>One thing that somebody said.</summary>
internal sealed record SpokenTurn(string Speaker, string Text, string? Start);
