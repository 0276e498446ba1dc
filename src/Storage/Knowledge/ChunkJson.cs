using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Sophia.Knowledge;

/// <summary>How lists are written in a column of the index: compact JSON. Spans are <c>[field, start, length, textStart]</c>, the field left empty where it is the span's before.</summary>
internal static class ChunkJson
{
    public static string Spans(IReadOnlyList<ChunkSpan> spans) => Write(json =>
    {
        string? before = null;
        json.WriteStartArray();
        foreach (var span in spans)
        {
            json.WriteStartArray();
            json.WriteStringValue(span.Field == before ? "" : span.Field);
            json.WriteNumberValue(span.Start);
            json.WriteNumberValue(span.Length);
            json.WriteNumberValue(span.TextStart);
            json.WriteEndArray();
            before = span.Field;
        }
        json.WriteEndArray();
    });

    public static IReadOnlyList<ChunkSpan> Spans(string text)
    {
        using var document = JsonDocument.Parse(text);
        var spans = new List<ChunkSpan>(document.RootElement.GetArrayLength());
        foreach (var span in document.RootElement.EnumerateArray())
        {
            var field = span[0].GetString()!;
            spans.Add(new ChunkSpan(field.Length == 0 ? spans[^1].Field : field, span[1].GetInt32(), span[2].GetInt32(), span[3].GetInt32()));
        }
        return spans;
    }

    public static string Texts(IReadOnlyList<string> texts) => texts.Count == 0 ? "[]" : Write(json =>
    {
        json.WriteStartArray();
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    });

    public static IReadOnlyList<string> Texts(string text)
    {
        if (text == "[]")
            return [];
        using var document = JsonDocument.Parse(text);
        return [.. document.RootElement.EnumerateArray().Select(e => e.GetString()!)];
    }

    public static string Fields(IReadOnlyDictionary<string, string> fields) => fields.Count == 0 ? "{}" : Write(json =>
    {
        json.WriteStartObject();
        foreach (var (name, value) in fields)
            json.WriteString(name, value);
        json.WriteEndObject();
    });

    private static string Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
            write(json);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
