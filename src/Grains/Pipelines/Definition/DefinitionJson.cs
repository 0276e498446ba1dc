using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Sophia.Pipelines;

/// <summary>Part of a definition as JSON, for whoever needs its structure: a plain scalar that reads as a number, a truth value or nothing is one, every other one a text.</summary>
internal static class DefinitionJson
{
    public static string Of(DefinitionNode node)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
            Write(json, node);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, DefinitionNode node)
    {
        switch (node)
        {
            case DefinitionNode.Mapping mapping:
                json.WriteStartObject();
                foreach (var entry in mapping.Entries)
                {
                    json.WritePropertyName(entry.Key);
                    Write(json, entry.Value);
                }
                json.WriteEndObject();
                break;
            case DefinitionNode.Sequence list:
                json.WriteStartArray();
                foreach (var item in list.Items)
                    Write(json, item);
                json.WriteEndArray();
                break;
            case DefinitionNode.Scalar { Quoted: true } text:
                json.WriteStringValue(text.Text);
                break;
            case DefinitionNode.Scalar { IsNull: true }:
                json.WriteNullValue();
                break;
            case DefinitionNode.Scalar { Text: "true" or "false" } truth:
                json.WriteBooleanValue(truth.Text == "true");
                break;
            case DefinitionNode.Scalar plain when IsNumber(plain.Text):
                json.WriteRawValue(plain.Text);
                break;
            case DefinitionNode.Scalar plain:
                json.WriteStringValue(plain.Text);
                break;
        }
    }

    private static bool IsNumber(string text)
    {
        if (text.Length is 0 or > 40 || text[0] is not ('-' or >= '0' and <= '9'))
            return false;
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text));
            return reader.Read() && reader.TokenType == JsonTokenType.Number && reader.BytesConsumed == Encoding.UTF8.GetByteCount(text);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
