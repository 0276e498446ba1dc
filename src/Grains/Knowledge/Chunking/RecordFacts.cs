using System.Globalization;
using System.Text.Json;

namespace Sophia.Knowledge;

/// <summary>What is read off a record beside its text: a title that people recognise, fields to filter by, its own time.</summary>
internal static class RecordFacts
{
    /// <summary>Fields that can be filtered by, and the longest value among them in UTF-16 units.</summary>
    public const int MaxFields = 64, MaxFieldLength = 200;

    /// <summary>The longest title in UTF-16 units.</summary>
    public const int MaxTitleLength = 300;

    private static readonly string[] TitleNames = ["title", "subject", "name", "display_name", "displayName", "full_name", "fullName", "headline", "summary", "account", "company", "label"];
    private static readonly string[] NestedTitleNames = ["title", "subject", "full_name", "name"];
    private static readonly string[] TimeNames =
    [
        "occurred_at", "occurredAt", "started_at", "startedAt", "start_time", "started", "date", "timestamp", "time", "sent_at", "updated_at", "updatedAt", "created_at", "createdAt",
    ];

    /// <summary>The title and the path of the field that it is; the key and null where no field looks like one.</summary>
    public static (string Title, string? Field) Title(JsonElement record, string key)
    {
        foreach (var name in TitleNames)
            if (TitleAt(record, name) is { } title)
                return (title, FieldPath.Of("", name));
        foreach (var member in record.EnumerateObject().Where(m => m.Value.ValueKind == JsonValueKind.Object).Take(MaxFields))
            foreach (var name in NestedTitleNames)
                if (TitleAt(member.Value, name) is { } title)
                    return (title, FieldPath.Of(FieldPath.Of("", member.Name), name));
        return (key, null);
    }

    /// <summary>Scalars of the record and of its <c>metadata</c>, in their order.</summary>
    public static IReadOnlyDictionary<string, string> Fields(JsonElement record)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        Collect(record, fields);
        if (record.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object)
            Collect(metadata, fields);
        return fields;
    }

    /// <summary>When the record says that it happened, or null.</summary>
    public static DateTimeOffset? Time(JsonElement record) =>
        TimeIn(record) ?? (record.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object ? TimeIn(metadata) : null);

    private static DateTimeOffset? TimeIn(JsonElement record)
    {
        foreach (var name in TimeNames)
            if (record.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: >= 10 and <= 40 } text
                && char.IsAsciiDigit(text[0]) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
                return time.ToUniversalTime();
        return null;
    }

    private static void Collect(JsonElement record, Dictionary<string, string> fields)
    {
        foreach (var member in record.EnumerateObject())
        {
            if (fields.Count == MaxFields)
                return;
            if (FieldPath.TextOf(member.Value) is { Length: > 0 and <= MaxFieldLength } text)
                fields.TryAdd(member.Name, text);
        }
    }

    private static string? TitleAt(JsonElement record, string name) =>
        record.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: <= MaxTitleLength } title && !string.IsNullOrWhiteSpace(title)
            ? title : null;
}
