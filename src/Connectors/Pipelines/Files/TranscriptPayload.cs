using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sophia.Pipelines;

/// <summary>Writes a transcript in the one form that the rest of Sophia reads: kind, title, path, at, turns, metadata (other scalars), extra (all else, as it was).</summary>
internal static class TranscriptPayload
{
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string[] TitleNames = ["title", "name", "topic", "subject", "callname", "meetingname"];
    private static readonly string[] MomentNames = ["at", "date", "datetime", "started", "startedat", "starttime", "meetingdate", "calldate", "createdat", "time"];

    public static byte[] Write(OpenedFile file, JsonElement root, FoundTranscript found)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            var container = found.Container.ValueKind == JsonValueKind.Object ? found.Container : (JsonElement?)null;
            var outer = found.RootProperty != found.Property && root.ValueKind == JsonValueKind.Object ? root : (JsonElement?)null;
            json.WriteStartObject();
            json.WriteString("kind", "transcript");
            json.WriteString("title", Text(container, TitleNames) ?? Text(outer, TitleNames) ?? found.Name ?? FileFormats.Stem(file.FileName));
            json.WriteString("path", file.Path);
            json.WriteString("at", Moment(container) ?? Moment(outer));
            json.WriteStartArray("turns");
            foreach (var turn in found.Turns.EnumerateArray())
                WriteTurn(json, turn);
            json.WriteEndArray();
            json.WriteStartObject("metadata");
            WriteOthers(json, container, outer, found, scalars: true);
            json.WriteEndObject();
            json.WriteStartObject("extra");
            WriteOthers(json, container, outer, found, scalars: false);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Every element stays a turn, an odd one with what text it has, so that numbers of turns keep their meaning.</summary>
    private static void WriteTurn(Utf8JsonWriter json, JsonElement turn)
    {
        json.WriteStartObject();
        if (turn.ValueKind != JsonValueKind.Object)
        {
            json.WriteString("speaker", "");
            json.WriteString("text", turn.ValueKind == JsonValueKind.Null ? "" : turn.ToString());
            json.WriteEndObject();
            return;
        }
        var speaker = TranscriptShape.FieldName(turn, TranscriptShape.SpeakerNames);
        var text = TranscriptShape.FieldName(turn, TranscriptShape.TextNames);
        var start = TranscriptShape.FieldName(turn, TranscriptShape.StartNames);
        json.WriteString("speaker", speaker is null ? "" : Speaker(turn.GetProperty(speaker)));
        json.WriteString("text", text is null ? "" : Said(turn.GetProperty(text)));
        if (start is not null && IsScalar(turn.GetProperty(start)))
        {
            json.WritePropertyName("start");
            turn.GetProperty(start).WriteTo(json);
        }
        WriteRest(json, turn, [speaker, text, start]);
        json.WriteEndObject();
    }

    private static void WriteRest(Utf8JsonWriter json, JsonElement turn, string?[] taken)
    {
        var open = false;
        foreach (var property in turn.EnumerateObject())
        {
            if (taken.Contains(property.Name))
                continue;
            if (!open)
                json.WriteStartObject("extra");
            open = true;
            property.WriteTo(json);
        }
        if (open)
            json.WriteEndObject();
    }

    private static void WriteOthers(Utf8JsonWriter json, JsonElement? container, JsonElement? outer, FoundTranscript found, bool scalars)
    {
        var written = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (element, taken) in new[] { (container, found.Property), (outer, found.RootProperty) })
            if (element is { } holder)
                foreach (var property in holder.EnumerateObject())
                    if (property.Name != taken && IsScalar(property.Value) == scalars && written.Add(property.Name))
                        property.WriteTo(json);
    }

    private static bool IsScalar(JsonElement value) => value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array);

    private static string Speaker(JsonElement value) => value.ValueKind == JsonValueKind.Object ? value.GetProperty("name").ToString() : value.ToString();

    private static string Said(JsonElement value) => value.ValueKind == JsonValueKind.Array ? string.Join(' ', value.EnumerateArray().Select(Part)) : value.ToString();

    private static string Part(JsonElement part) => part.ValueKind == JsonValueKind.Object ? TranscriptShape.Field(part, TranscriptShape.TextNames)?.ToString() ?? "" : part.ToString();

    private static string? Text(JsonElement? holder, string[] names) =>
        holder is { } element && TranscriptShape.Field(element, names) is { ValueKind: JsonValueKind.String } text && text.GetString() is { Length: > 0 } value ? value : null;

    private static string? Moment(JsonElement? holder) =>
        Text(holder, MomentNames) is { } text && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? at.ToString("yyyy-MM-dd'T'HH:mm:ssK", CultureInfo.InvariantCulture) : null;
}
