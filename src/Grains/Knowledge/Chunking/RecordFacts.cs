using System.Collections.Frozen;
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

    /// <summary>Fields of a record among which its title is looked for.</summary>
    private const int MaxTitleFields = 256;

    private static readonly string[] TitleNames = ["title", "subject", "name", "displayname", "fullname", "headline"];

    /// <summary>What a record is called where it has no name of its own.</summary>
    private static readonly string[] SecondTitleNames = ["summary", "account", "company", "label", "topic"];

    /// <summary>Names in a record that are not the record's.</summary>
    private static readonly FrozenSet<string> NamesOfOtherThings = FrozenSet.Create("firstname", "lastname", "middlename", "givenname", "familyname", "nickname", "surname", "username",
        "loginname", "filename", "hostname", "pathname", "typename", "streamname", "ownername", "createdbyname", "updatedbyname");

    private static readonly string[] NestedTitleNames = ["title", "subject", "full_name", "name"];
    private static readonly string[] TimeNames =
    [
        "occurred_at", "occurredAt", "started_at", "startedAt", "start_time", "started", "date", "timestamp", "time", "sent_at", "updated_at", "updatedAt", "created_at", "createdAt",
    ];

    /// <summary>The title and the path of the field that it is (null where it is of two); the key and null where nothing looks like one.</summary>
    /// <remarks>A field is known by its letters alone: "Full Name", "full_name" and "fullName" are one. Then come a first and a last name, fields whose name ends in
    /// "name" ("account_name"), and names one level deeper.</remarks>
    public static (string Title, string? Field) Title(JsonElement record, string key)
    {
        var texts = record.EnumerateObject().Take(MaxTitleFields).Select(member => (Known: Letters(member.Name), member.Name, Title: TitleOf(member.Value)!)).Where(text => text.Title is not null).ToArray();
        return Known(texts, TitleNames) ?? Person(texts) ?? Known(texts, SecondTitleNames) ?? Named(texts) ?? Nested(record) ?? (key, null);
    }

    private static (string, string?)? Known((string Known, string Name, string Title)[] texts, string[] names)
    {
        foreach (var name in names)
            foreach (var text in texts)
                if (text.Known == name)
                    return (text.Title, FieldPath.Of("", text.Name));
        return null;
    }

    private static (string, string?)? Person((string Known, string Name, string Title)[] texts)
    {
        var given = Array.Find(texts, text => text.Known is "firstname" or "givenname" or "forename").Title;
        var family = Array.Find(texts, text => text.Known is "lastname" or "familyname" or "surname").Title;
        return given is null || family is null || given.Length + family.Length >= MaxTitleLength ? null : ($"{given} {family}", null);
    }

    private static (string, string?)? Named((string Known, string Name, string Title)[] texts)
    {
        foreach (var text in texts)
            if (text.Known.EndsWith("name", StringComparison.Ordinal) && !NamesOfOtherThings.Contains(text.Known))
                return (text.Title, FieldPath.Of("", text.Name));
        return null;
    }

    private static (string, string?)? Nested(JsonElement record)
    {
        foreach (var member in record.EnumerateObject().Where(m => m.Value.ValueKind == JsonValueKind.Object).Take(MaxFields))
            foreach (var name in NestedTitleNames)
                if (TitleAt(member.Value, name) is { } title)
                    return (title, FieldPath.Of(FieldPath.Of("", member.Name), name));
        return null;
    }

    private static string Letters(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();

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

    private static string? TitleAt(JsonElement record, string name) => record.TryGetProperty(name, out var value) ? TitleOf(value) : null;

    private static string? TitleOf(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && value.GetString() is { Length: <= MaxTitleLength } title && !string.IsNullOrWhiteSpace(title)
            ? title : null;
}
