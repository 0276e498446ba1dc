using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Sophia.Log;
using Sophia.Pipelines;
using Sophia.Quality;

namespace Sophia.Tenants;

/// <summary>Writes what an export holds, one JSON object a line. Pure. Payloads that are JSON stand as such, others as text in "payloadText".</summary>
internal static class ExportLines
{
    public static byte[] Of(IReadOnlyList<LogEntry> rows) => Lines(rows, static (json, row) =>
    {
        json.WriteNumber("position", row.Position);
        json.WriteString("stream", row.Stream);
        json.WriteString("key", row.Key);
        json.WriteNumber("version", row.Version);
        json.WriteString("operation", row.Operation.ToString().ToLowerInvariant());
        json.WriteString("at", row.At);
        json.WriteString("run", row.Run);
        json.WriteString("hash", row.Hash.ToString("x32", CultureInfo.InvariantCulture));
        Payload(json, row.Payload.Span);
    });

    public static byte[] Of(IReadOnlyList<PipelineView> pipelines) => Lines(pipelines, static (json, pipeline) =>
    {
        json.WriteString("name", pipeline.Name);
        json.WriteNumber("version", pipeline.Version);
        json.WriteString("definition", pipeline.DefinitionText);
    });

    public static byte[] Of(IReadOnlyList<QuarantinedItem> items) => Lines(items, static (json, item) =>
    {
        json.WriteNumber("id", item.Id);
        json.WriteString("pipeline", item.Pipeline);
        json.WriteString("run", item.Run);
        json.WriteString("stream", item.Stream);
        json.WriteString("key", item.Key);
        json.WriteString("state", item.State.ToString().ToLowerInvariant());
        json.WriteString("at", item.At);
        json.WriteString("path", item.Origin.Path);
        json.WriteString("decidedBy", item.DecidedBy);
        json.WriteStartArray("reasons");
        foreach (var reason in item.Reasons)
        {
            json.WriteStartObject();
            json.WriteString("field", reason.Field);
            json.WriteString("rule", reason.Rule);
            json.WriteString("value", reason.Value);
            json.WriteString("expected", reason.Expected);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("payload", item.PayloadJson);
    });

    private static void Payload(Utf8JsonWriter json, ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty)
            json.WriteNull("payload");
        else if (IsJson(payload))
        {
            json.WritePropertyName("payload");
            json.WriteRawValue(payload, skipInputValidation: true);
        }
        else
            json.WriteString("payloadText", System.Text.Encoding.UTF8.GetString(payload));
    }

    private static bool IsJson(ReadOnlySpan<byte> payload)
    {
        // A line feed between its tokens would end the line.
        if (payload.IndexOfAny((byte)'\n', (byte)'\r') >= 0)
            return false;
        try
        {
            var reader = new Utf8JsonReader(payload);
            return reader.Read() && reader.TrySkip() && !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static byte[] Lines<T>(IReadOnlyList<T> items, Action<Utf8JsonWriter, T> write)
    {
        var lines = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(lines);
        foreach (var item in items)
        {
            json.WriteStartObject();
            write(json, item);
            json.WriteEndObject();
            json.Flush();
            lines.Write("\n"u8);
            json.Reset();
        }
        return lines.WrittenSpan.ToArray();
    }
}
