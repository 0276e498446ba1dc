using System.Text;
using System.Text.Json;

namespace Sophia.Log;

/// <summary>Whether a JSON text has a value in a field. Strings and numbers count by their whole text, case and blanks around it aside; what is in a list counts for the list's field. A string that is no text has the value where it stands anywhere in it.</summary>
/// <param name="field">With dots for what is inside of objects; null: any.</param>
internal sealed class ErasureMatch(string value, string? field)
{
    private readonly string wanted = value.Trim();

    /// <summary>A text that is no JSON has the value where it stands anywhere in it.</summary>
    public bool Is(ReadOnlyMemory<byte> json)
    {
        if (json.IsEmpty)
            return false;
        try
        {
            using var document = JsonDocument.Parse(json);
            return Has(document.RootElement, field is null ? null : "");
        }
        catch (JsonException)
        {
            return Encoding.UTF8.GetString(json.Span).Contains(wanted, StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>Whether the value stands anywhere in a text.</summary>
    public bool IsNamedIn(string text) => wanted.Length > 0 && text.Contains(wanted, StringComparison.OrdinalIgnoreCase);

    private bool Has(JsonElement element, string? path) => element.ValueKind switch
    {
        JsonValueKind.Object => InObject(element, path),
        JsonValueKind.Array => element.EnumerateArray().Any(each => Has(each, path)),
        JsonValueKind.String => Is(path) && (HeldText.Of(element) is { } text ? Same(text) : IsNamedIn(HeldText.Raw(element))),
        JsonValueKind.Number => Is(path) && Same(HeldText.Raw(element)),
        _ => false,
    };

    private bool InObject(JsonElement element, string? path)
    {
        foreach (var property in element.EnumerateObject())
        {
            if (path is not null && HeldText.Name(property) is null)
                continue; // No field is called so.
            var inner = path is null ? null : path.Length == 0 ? property.Name : $"{path}.{property.Name}";
            if ((inner is null || field!.StartsWith(inner, StringComparison.Ordinal)) && Has(property.Value, inner))
                return true;
        }
        return false;
    }

    private bool Is(string? path) => path is null || path == field;

    private bool Same(string found) => found.AsSpan().Trim().Equals(wanted, StringComparison.OrdinalIgnoreCase);
}
