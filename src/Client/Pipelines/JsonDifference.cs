using System.Text.Json;
using Sophia.Knowledge;

namespace Sophia.Pipelines;

/// <summary>A field that differs between two records. Values are JSON as it stands, at most 200 characters, so that "5" and 5 can be told apart; null: the field is not there.</summary>
public sealed record JsonChange(string Field, string? Before, string? After);

/// <summary>Tells two records apart field by field and type by type: objects within objects by the path to them, lists as a whole.</summary>
public static class JsonDifference
{
    /// <summary>The most fields that are told.</summary>
    public const int MostFields = 100;

    private const int MostLength = 200;

    /// <summary>What differs, in the order of the fields before, then those that are new. Null where one is no JSON object, such as one that was cut.</summary>
    public static IReadOnlyList<JsonChange>? Between(string before, string after)
    {
        if (Fields(before) is not { } was || Fields(after) is not { } becomes)
            return null;
        var changes = new List<JsonChange>();
        foreach (var (field, value) in was)
            if (!becomes.TryGetValue(field, out var other) || other != value)
                changes.Add(new JsonChange(field, Clip(value), Clip(other)));
        foreach (var (field, value) in becomes)
            if (!was.ContainsKey(field))
                changes.Add(new JsonChange(field, null, Clip(value)));
        return changes.Count > MostFields ? changes[..MostFields] : changes;
    }

    private static OrderedDictionary<string, string?>? Fields(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return null;
            var fields = new OrderedDictionary<string, string?>(StringComparer.Ordinal);
            Walk(document.RootElement, "", fields);
            return fields;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Walk(JsonElement value, string path, OrderedDictionary<string, string?> fields)
    {
        foreach (var property in value.EnumerateObject())
            if (property.Value.ValueKind == JsonValueKind.Object && property.Value.EnumerateObject().Any())
                Walk(property.Value, FieldPath.Of(path, property.Name), fields);
            else
                fields[FieldPath.Of(path, property.Name)] = property.Value.GetRawText();
    }

    private static string? Clip(string? value) => value is { Length: > MostLength } ? $"{value[..(MostLength - 1)]}…" : value;
}
