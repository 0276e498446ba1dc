using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Sophia.Log;

/// <summary>The texts of JSON that nobody had to agree with: what was held back may escape half of a character, or be no UTF-8, which parses and then is no text.</summary>
internal static class HeldText
{
    /// <summary>The name of a property; null: it is no text, and so no name that anybody could ask for.</summary>
    public static string? Name(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The text of a string; null: it is none.</summary>
    public static string? Of(JsonElement element)
    {
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The text of a property by its name, the last of that name; null: there is none.</summary>
    public static string? Of(JsonElement element, string name)
    {
        string? found = null;
        foreach (var property in element.EnumerateObject())
            if (Name(property) == name)
                found = property.Value.ValueKind == JsonValueKind.String ? Of(property.Value) : null;
        return found;
    }

    /// <summary>A value as it is written, escapes and all.</summary>
    public static string Raw(JsonElement element) => Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(element));
}
