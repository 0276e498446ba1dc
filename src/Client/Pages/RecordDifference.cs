using System.Text.Json;
using Sophia.Knowledge;
using Sophia.Log;

namespace Sophia.Pages;

/// <summary>One field that differs between two versions: what both begin and end with (shortened), and what stands between. Removed or Added null: the field was not there.</summary>
public sealed record FieldChange(string Field, string Lead, string? Removed, string? Added, string Tail);

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

    /// <summary>What is shown of a removed or added text, in UTF-16 units.</summary>
    public const int MaxText = 300;

    /// <summary>What is shown of the text around a change.</summary>
    private const int Around = 40;

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

    private static FieldChange Of(string field, string? before, string? after)
    {
        if (before is null || after is null)
            return new FieldChange(field, "", Cut(before), Cut(after), "");
        var most = Math.Min(before.Length, after.Length);
        var lead = before.AsSpan().CommonPrefixLength(after);
        while (lead > 0 && !AtWord(before, lead, after))
            lead--;
        var tail = 0;
        while (tail < most - lead && before[^(tail + 1)] == after[^(tail + 1)])
            tail++;
        while (tail > 0 && char.IsLetterOrDigit(before[^tail]) && (Follows(before, tail) || Follows(after, tail)))
            tail--;
        if (tail > 0 && char.IsLowSurrogate(before[^tail]))
            tail--;
        return new FieldChange(field, lead > Around ? "…" + before[(lead - Around)..lead] : before[..lead], Cut(before[lead..^tail]), Cut(after[lead..^tail]), tail > Around ? before[^tail..][..Around] + "…" : before[^tail..]);
    }

    /// <summary>Whether a change that begins here begins with a whole word.</summary>
    private static bool AtWord(string before, int at, string after) =>
        !char.IsLetterOrDigit(before[at - 1]) && !char.IsHighSurrogate(before[at - 1]) || (at == before.Length || !char.IsLetterOrDigit(before[at])) && (at == after.Length || !char.IsLetterOrDigit(after[at])) && !char.IsHighSurrogate(before[at - 1]);

    /// <summary>Whether what both end with is the rest of a longer word here.</summary>
    private static bool Follows(string text, int tail) => tail < text.Length && char.IsLetterOrDigit(text[^(tail + 1)]);

    private static string? Cut(string? text) => text is null || text.Length <= MaxText ? text : text[..(char.IsHighSurrogate(text[MaxText - 1]) ? MaxText - 1 : MaxText)] + "…";

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
