using System.Text;
using System.Text.Json;
using Sophia.Knowledge;

namespace Sophia.Pages;

/// <summary>A record in a line: its title, where it has one, and the beginning of its values.</summary>
internal static class RecordGist
{
    /// <summary>In UTF-16 units.</summary>
    private const int MaxLength = 160;

    private static readonly string[] Titles = ["title", "name", "subject"];

    public static (string? Title, string Gist) Of(string payloadJson)
    {
        using var document = JsonDocument.Parse(payloadJson);
        var gist = new StringBuilder();
        Walk(document.RootElement, "", gist);
        return (TitleOf(document.RootElement), TextEnd.Clip(gist.ToString(), MaxLength + 1));
    }

    /// <summary>What a record calls itself, at most 300 characters long, or null.</summary>
    public static string? TitleOf(JsonElement record)
    {
        foreach (var name in Titles)
            if (record.ValueKind == JsonValueKind.Object && record.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 and <= 300 } text)
                return text;
        return null;
    }

    private static void Walk(JsonElement element, string name, StringBuilder gist)
    {
        if (gist.Length > MaxLength)
            return;
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                    Walk(property.Value, property.Name, gist);
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                    Walk(item, name, gist);
                break;
            default:
                if (!Titles.Contains(name) && FieldPath.TextOf(element) is { Length: > 0 } text)
                    gist.Append(gist.Length == 0 ? "" : " · ").Append((text.Length <= MaxLength ? text : text[..MaxLength]).ReplaceLineEndings(" "));
                break;
        }
    }
}
