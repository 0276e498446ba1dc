using System.Text.Json;
using Sophia.Knowledge;

namespace Sophia.Pages;

/// <summary>One string of a record as people read it, cut where citations begin and end.</summary>
public sealed record RecordLine(string Label, IReadOnlyList<RecordPart> Parts, bool Cited);

/// <summary>A piece of a string; CitedId is its anchor where it is cited (the first one is "cited").</summary>
public sealed record RecordPart(string Text, string? CitedId);

/// <summary>Lays a record's JSON out as lines: a transcript by its turns, anything else by field path, the cited spans marked.</summary>
internal sealed class RecordLines
{
    /// <summary>The most lines that a page shows; lines that are cited are always among them.</summary>
    private const int MaxLines = 5_000;

    private readonly List<RecordLine> lines = [];
    private readonly ILookup<string, FieldSpan> cited;
    private int marks;

    private RecordLines(IEnumerable<FieldSpan> spans) => cited = spans.ToLookup(s => s.Field);

    public static (string Heading, IReadOnlyList<RecordLine> Lines) Of(string payloadJson, string key, IReadOnlyList<FieldSpan> spans)
    {
        using var document = JsonDocument.Parse(payloadJson);
        var made = new RecordLines(spans);
        made.Walk(document.RootElement, "");
        return (RecordGist.TitleOf(document.RootElement) ?? key, made.lines);
    }

    private void Walk(JsonElement element, string path)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object when element.TryGetProperty("speaker", out var speaker) && element.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String:
                Add(speaker.ToString(), FieldPath.Of(path, "text"), text.GetString()!);
                break;
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                    Walk(property.Value, FieldPath.Of(path, property.Name));
                break;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in element.EnumerateArray())
                    Walk(item, FieldPath.Of(path, index++));
                break;
            default:
                if (FieldPath.TextOf(element) is { } said)
                    Add(path is "text" ? "" : path, path, said);
                break;
        }
    }

    private void Add(string label, string field, string text)
    {
        var spans = cited[field].Where(s => s.Start >= 0 && s.Length > 0 && s.Start <= text.Length - s.Length).OrderBy(s => s.Start).ToList();
        if (spans.Count == 0 && lines.Count >= MaxLines)
            return;
        var parts = new List<RecordPart>();
        var at = 0;
        foreach (var span in spans.Where(s => s.Start >= at))
        {
            if (span.Start < at)
                continue;
            if (span.Start > at)
                parts.Add(new RecordPart(text[at..span.Start], null));
            parts.Add(new RecordPart(text.Substring(span.Start, span.Length), marks++ == 0 ? "cited" : $"cited-{marks}"));
            at = span.Start + span.Length;
        }
        if (at < text.Length)
            parts.Add(new RecordPart(text[at..], null));
        lines.Add(new RecordLine(label, parts, spans.Count > 0));
    }
}
