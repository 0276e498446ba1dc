using System.Text;
using System.Text.Json;

namespace Sophia.Pipelines;

/// <summary>One line of a connector, understood.</summary>
internal abstract record AirbyteMessage
{
    private AirbyteMessage() { }

    /// <param name="Data">The record's own bytes, as they stand in the line; they hold as long as the line does. Empty where it has none.</param>
    public sealed record Record(string? Namespace, string Stream, ReadOnlyMemory<byte> Data, long EmittedAt) : AirbyteMessage;

    /// <summary>Any other message; Body is what stands under the name of its type.</summary>
    public sealed record Other(string Type, JsonElement Body) : AirbyteMessage;

    /// <summary>A line that cannot be meant as a message: somebody printed it.</summary>
    public sealed record Chatter(string Text) : AirbyteMessage;

    /// <summary>A line that was meant as a message and is none.</summary>
    public sealed record Broken(PieceFault Fault) : AirbyteMessage;

    private static readonly Dictionary<string, string> Bodies = new(StringComparer.Ordinal)
    {
        ["STATE"] = "state", ["LOG"] = "log", ["SPEC"] = "spec", ["CONNECTION_STATUS"] = "connectionStatus", ["CATALOG"] = "catalog", ["TRACE"] = "trace", ["CONTROL"] = "control",
    };

    public static AirbyteMessage Of(ReadOnlyMemory<byte> line)
    {
        var text = line.Span.Trim(" \t\r\uFEFF"u8);
        if (text.Length == 0 || text[0] != (byte)'{')
            return new Chatter(Encoding.UTF8.GetString(line.Span));
        if (FileEncodings.FirstInvalid(text) is >= 0 and var at)
            return new Broken(new PieceFault("encoding", "valid UTF-8 text", $"Byte {at + 1} of the line is not UTF-8."));
        try
        {
            return HalfCharacter.Stands(text) ? WithHalf(line) : ReadRecord(line) ?? ReadOther(line);
        }
        catch (JsonException wrong)
        {
            return new Broken(new PieceFault("json", "one message of the Airbyte protocol as JSON", $"{wrong.Message.Split(". ")[0]}."));
        }
        catch (InvalidOperationException)
        {
            return new Broken(new PieceFault("encoding", HalfCharacter.Expected, HalfCharacter.Hint));
        }
    }

    // What is stored or given back to the connector must be what it said; what people read may be mended.
    private static AirbyteMessage WithHalf(ReadOnlyMemory<byte> line)
    {
        ReadOnlyMemory<byte> mended = HalfCharacter.Replaced(line.Span);
        return (ReadRecord(mended) ?? ReadOther(mended)) switch
        {
            (Other { Type: "LOG" or "TRACE" or "SPEC" or "CONNECTION_STATUS" } or Broken) and var told => told,
            _ => new Broken(new PieceFault("encoding", HalfCharacter.Expected, HalfCharacter.Hint)),
        };
    }

    private static AirbyteMessage ReadOther(ReadOnlyMemory<byte> line)
    {
        using var document = JsonDocument.Parse(line);
        var root = document.RootElement;
        if (!root.TryGetProperty("type", out var type) || type.ValueKind != JsonValueKind.String)
            return new Broken(new PieceFault("message", "a message with a type", "It is JSON, but no message of the Airbyte protocol.", "type"));
        if (!Bodies.TryGetValue(type.GetString()!, out var body))
            return new Other(type.GetString()!, default); // A newer protocol's, or the connector's own: it is no record, so nothing is lost by leaving it aside.
        return root.TryGetProperty(body, out var found) && found.ValueKind == JsonValueKind.Object
            ? new Other(type.GetString()!, found.Clone())
            : new Broken(new PieceFault("message", $"an object under \"{body}\"", $"A message of type {type.GetString()} has one.", body));
    }

    // Most lines are records, and of those nothing is copied.
    private static AirbyteMessage? ReadRecord(ReadOnlyMemory<byte> line)
    {
        var reader = new Utf8JsonReader(line.Span);
        var (isRecord, hasBody) = (false, false);
        var body = default(Record);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (type, record) = (reader.ValueTextEquals("type"u8), reader.ValueTextEquals("record"u8));
            reader.Read();
            if (type && !(isRecord = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("RECORD"u8)))
                return null;
            if (record && reader.TokenType == JsonTokenType.StartObject)
                (hasBody, body) = (true, ReadBody(ref reader, line));
            else
                reader.Skip();
        }
        if (reader.Read())
            throw new JsonException("Something stands behind the message. ");
        if (!isRecord)
            return null;
        return !hasBody ? new Broken(new PieceFault("message", "an object under \"record\"", "A message of type RECORD has one.", "record"))
            : body!.Stream.Length == 0 ? new Broken(new PieceFault("message", "the name of a stream", "The record says no stream.", "record.stream"))
            : body.Data.IsEmpty ? new Broken(new PieceFault("message", "an object under \"data\"", $"The record of stream \"{Pieces.Clip(body.Stream)}\" has no data.", "record.data"))
            : body;
    }

    private static Record ReadBody(ref Utf8JsonReader reader, ReadOnlyMemory<byte> line)
    {
        var (stream, space, data, emitted) = ("", (string?)null, ReadOnlyMemory<byte>.Empty, 0L);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isStream, isSpace, isData, isEmitted) = (reader.ValueTextEquals("stream"u8), reader.ValueTextEquals("namespace"u8), reader.ValueTextEquals("data"u8), reader.ValueTextEquals("emitted_at"u8));
            reader.Read();
            var from = (int)reader.TokenStartIndex;
            if (isStream && reader.TokenType == JsonTokenType.String)
                stream = reader.GetString()!;
            else if (isSpace && reader.TokenType == JsonTokenType.String)
                space = reader.GetString() is { Length: > 0 } named ? named : null;
            else if (isEmitted && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var at))
                emitted = at;
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            reader.Skip();
            if (isData && isObject)
                data = line[from..(int)reader.BytesConsumed];
        }
        return new Record(space, stream, data, emitted);
    }
}
