using System.Globalization;
using System.Text;
using System.Text.Json;
using Sophia.Log;

namespace Sophia.Pipelines;

/// <summary>Tells from stored records what they were called by, where nobody kept it. Pure.</summary>
internal static class ShownKey
{
    /// <summary>Whether a key is the number of a record in a file.</summary>
    public static bool IsPlace(string key, string? file = null)
    {
        var hash = key.LastIndexOf('#');
        return hash > 0 && (file is null || (hash == file.Length && key.StartsWith(file, StringComparison.Ordinal))) && long.TryParse(key.AsSpan(hash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _);
    }

    /// <summary>The field whose value is the key of every record, or null.</summary>
    public static string? FieldOf(IReadOnlyList<LogEntry> records, IReadOnlyList<string> candidates)
    {
        if (records.Count == 0)
            return null;
        foreach (var field in candidates.Concat(Names(records[0])).Distinct(StringComparer.Ordinal))
            if (records.All(record => Is(record, field)))
                return field;
        return null;
    }

    private static ReadOnlyMemory<byte> Said(LogEntry record) => record.Source?.Payload ?? record.Payload;

    private static IReadOnlyList<string> Names(LogEntry record) => With(record, static root => root.EnumerateObject().Select(HeldText.Name).OfType<string>().ToArray()) ?? [];

    private static bool Is(LogEntry record, string field)
    {
        var value = With(record, root => root.TryGetProperty(field, out var found) ? Text(found) : null);
        return !string.IsNullOrEmpty(value) && (record.Key == value || (record.Source is not null && record.Key.StartsWith($"{value}/", StringComparison.Ordinal)));
    }

    private static string? Text(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => HeldText.Of(element),
        JsonValueKind.Number => HeldText.Raw(element),
        _ => null,
    };

    private static T? With<T>(LogEntry record, Func<JsonElement, T?> look) where T : class
    {
        try
        {
            using var document = JsonDocument.Parse(Said(record));
            return document.RootElement.ValueKind == JsonValueKind.Object ? look(document.RootElement) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
