using System.Text.Json;
using Sophia.Knowledge;
using Sophia.Log;

namespace Sophia.Pages;

/// <summary>One field that differs between two versions, and how.</summary>
public sealed record FieldChange(string Field, IReadOnlyList<TextPart> Parts);

/// <summary>What a version of a record changed against the version before it.</summary>
/// <param name="Left">How many more fields differ than are listed.</param>
public sealed record RecordChange(RecordView Version, IReadOnlyList<FieldChange> Fields, int Left)
{
    public bool IsFirst => Version.Version == 1;
}

/// <summary>Compares neighbouring versions of a record, field by field.</summary>
internal static class RecordDifference
{
    /// <summary>Fields that are listed of one version.</summary>
    public const int MaxFields = 40;

    /// <param name="newestFirst">Neighbouring versions, newest first.</param>
    /// <param name="shown">How many are compared; the one after them is only compared with.</param>
    public static IReadOnlyList<RecordChange> Of(IReadOnlyList<RecordView> newestFirst, int shown) =>
        [.. newestFirst.Take(shown).Select((version, at) => Of(at + 1 < newestFirst.Count ? newestFirst[at + 1] : null, version))];

    private static RecordChange Of(RecordView? before, RecordView version)
    {
        if (before is null || version.Operation == RecordOperation.Delete)
            return new RecordChange(version, [], 0);
        var old = before.Operation == RecordOperation.Delete ? [] : Fields(before.PayloadJson);
        var now = Fields(version.PayloadJson);
        var differing = now.Keys.Concat(old.Keys.Where(field => !now.ContainsKey(field))).Where(field => old.GetValueOrDefault(field) != now.GetValueOrDefault(field)).ToList();
        return new RecordChange(version, [.. differing.Take(MaxFields).Select(field => Of(field, old.GetValueOrDefault(field), now.GetValueOrDefault(field)))], Math.Max(0, differing.Count - MaxFields));
    }

    private static FieldChange Of(string field, string? before, string? after) => new(field, (before, after) switch
    {
        (null, { } added) => [new TextPart(WordDifference.Cut(added), TextPartKind.Added)],
        ({ } removed, null) => [new TextPart(WordDifference.Cut(removed), TextPartKind.Removed)],
        _ => WordDifference.Of(before!, after!),
    });

    /// <summary>Every value of a record by its path, in the order of the record.</summary>
    private static Dictionary<string, string> Fields(string payloadJson)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        using var document = JsonDocument.Parse(payloadJson);
        Walk(document.RootElement, "", fields);
        return fields;
    }

    private static void Walk(JsonElement element, string path, Dictionary<string, string> fields)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                    Walk(property.Value, FieldPath.Of(path, property.Name), fields);
                break;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in element.EnumerateArray())
                    Walk(item, FieldPath.Of(path, index++), fields);
                break;
            default:
                fields[path] = FieldPath.TextOf(element) ?? element.GetRawText();
                break;
        }
    }
}
