using System.Globalization;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Sophia.Pipelines;

/// <summary>Reads the YAML at the head of a Markdown file as events, never as objects, so that no alias is ever expanded.</summary>
internal static class FrontMatter
{
    /// <summary>Longer front matter is kept as text, in characters.</summary>
    public const int MaxLength = 64 * 1024;

    private const int MaxDepth = 8;
    private const int MaxNodes = 2_000;

    /// <summary>The front matter as a JSON object and where the text goes on; null where there is none, or none that is a plain mapping.</summary>
    public static (JsonElement Front, int BodyStart)? Read(string text)
    {
        if (!text.StartsWith("---\n", StringComparison.Ordinal) && !text.StartsWith("---\r\n", StringComparison.Ordinal))
            return null;
        var head = text.IndexOf('\n') + 1;
        var end = head;
        while (end < text.Length && end <= MaxLength)
        {
            var newline = text.IndexOf('\n', end);
            var line = text.AsSpan(end, (newline < 0 ? text.Length : newline) - end).TrimEnd();
            if (line is "---" or "...")
                return Parse(text[head..end]) is { } front ? (front, newline < 0 ? text.Length : newline + 1) : null;
            end = newline < 0 ? text.Length : newline + 1;
        }
        return null;
    }

    private static JsonElement? Parse(string yaml)
    {
        try
        {
            using var bytes = new MemoryStream();
            using (var json = new Utf8JsonWriter(bytes, TranscriptPayload.Options))
                if (!Write(new Parser(new StringReader(yaml)), json))
                    return null;
            using var document = JsonDocument.Parse(bytes.ToArray(), new JsonDocumentOptions { AllowDuplicateProperties = false });
            return document.RootElement.Clone();
        }
        catch (Exception error) when (error is YamlException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static bool Write(IParser parser, Utf8JsonWriter json)
    {
        var (depth, nodes, isRoot) = (0, 0, true);
        var expectsName = new Stack<bool?>();
        while (parser.MoveNext())
        {
            if (++nodes > MaxNodes || parser.Current is AnchorAlias or NodeEvent { Anchor.IsEmpty: false })
                return false;
            switch (parser.Current)
            {
                case MappingStart:
                    if (++depth > MaxDepth || !Begin(expectsName))
                        return false;
                    json.WriteStartObject();
                    expectsName.Push(true);
                    isRoot = false;
                    break;
                case SequenceStart:
                    if (isRoot || ++depth > MaxDepth || !Begin(expectsName))
                        return false;
                    json.WriteStartArray();
                    expectsName.Push(null);
                    break;
                case MappingEnd:
                    json.WriteEndObject();
                    End(expectsName, ref depth);
                    break;
                case SequenceEnd:
                    json.WriteEndArray();
                    End(expectsName, ref depth);
                    break;
                case Scalar when isRoot:
                    return false;
                case Scalar scalar when expectsName.TryPeek(out var name) && name == true:
                    json.WritePropertyName(scalar.Value);
                    expectsName.Pop();
                    expectsName.Push(false);
                    break;
                case Scalar scalar:
                    WriteScalar(json, scalar);
                    Begin(expectsName);
                    break;
            }
        }
        return !isRoot && depth == 0;
    }

    /// <summary>A value begins: where a mapping waits for one, a name comes next; a mapping as a name is refused.</summary>
    private static bool Begin(Stack<bool?> expectsName)
    {
        if (!expectsName.TryPeek(out var name) || name is null)
            return true;
        if (name == true)
            return false;
        expectsName.Pop();
        expectsName.Push(true);
        return true;
    }

    private static void End(Stack<bool?> expectsName, ref int depth)
    {
        expectsName.Pop();
        depth--;
    }

    private static void WriteScalar(Utf8JsonWriter json, Scalar scalar)
    {
        if (scalar.Style != ScalarStyle.Plain)
            json.WriteStringValue(scalar.Value);
        else if (scalar.Value is "" or "~" or "null")
            json.WriteNullValue();
        else if (scalar.Value is "true" or "false")
            json.WriteBooleanValue(scalar.Value == "true");
        else if (long.TryParse(scalar.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
            json.WriteNumberValue(whole);
        else if (decimal.TryParse(scalar.Value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            json.WriteNumberValue(number);
        else
            json.WriteStringValue(scalar.Value);
    }
}
