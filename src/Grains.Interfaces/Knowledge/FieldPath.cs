using System.Globalization;
using System.Text.Json;

namespace Sophia.Knowledge;

/// <summary>Names a value inside a record: <c>text</c>, <c>account.name</c>, <c>turns[3].text</c>; a name that holds a dot, a bracket or a quote is written <c>["a.b"]</c>.</summary>
public static class FieldPath
{
    /// <summary>The path of a member of the object at <paramref name="parent"/> (empty: of the record).</summary>
    public static string Of(string parent, string name)
    {
        if (name.Length == 0 || name.AsSpan().ContainsAny(".[]\""))
            return $"{parent}[{JsonSerializer.Serialize(name, FieldPathJson.Default.String)}]";
        return parent.Length == 0 ? name : $"{parent}.{name}";
    }

    /// <summary>The path of an element of the array at <paramref name="parent"/>.</summary>
    public static string Of(string parent, int index) => $"{parent}[{index.ToString(CultureInfo.InvariantCulture)}]";

    /// <summary>The text that spans of this path count in: a string's value, a number's or a boolean's JSON; null where there is none.</summary>
    public static string? Text(JsonElement record, string path) => Find(record, path) is { } value ? TextOf(value) : null;

    /// <summary>The text of one value, as <see cref="Text"/> counts it; null for objects, arrays and null.</summary>
    public static string? TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => null,
    };

    private static JsonElement? Find(JsonElement value, string path)
    {
        var at = 0;
        while (at < path.Length)
        {
            if (path[at] == '.')
                at++;
            if (path[at] != '[')
            {
                var end = path.AsSpan(at).IndexOfAny('.', '[');
                var name = end < 0 ? path[at..] : path[at..(at + end)];
                if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value))
                    return null;
                at += name.Length;
                continue;
            }
            var close = path[at + 1] == '"' ? EndOfQuoted(path, at + 1) : path.IndexOf(']', at);
            if (close < 0 || Step(value, path[(at + 1)..close]) is not { } next)
                return null;
            value = next;
            at = close + 1;
        }
        return value;
    }

    private static JsonElement? Step(JsonElement value, string inside)
    {
        if (inside.StartsWith('"'))
        {
            var name = JsonSerializer.Deserialize(inside, FieldPathJson.Default.String)!;
            return value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var member) ? member : null;
        }
        return value.ValueKind == JsonValueKind.Array && int.TryParse(inside, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < value.GetArrayLength()
            ? value[index] : null;
    }

    private static int EndOfQuoted(string path, int quote)
    {
        for (var at = quote + 1; at < path.Length; at++)
        {
            if (path[at] == '\\')
                at++;
            else if (path[at] == '"')
                return at + 1 < path.Length && path[at + 1] == ']' ? at + 1 : -1;
        }
        return -1;
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class FieldPathJson : System.Text.Json.Serialization.JsonSerializerContext;
