using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sophia.Operations;

namespace Sophia.Quality;

/// <summary>Which items a decision on many takes, and what an edit makes of one.</summary>
internal static class BulkRules
{
    /// <summary>Items looked at in one call, taken or not.</summary>
    public const int MostLooked = 20_000;

    private const int MostOutcomes = 50;
    private const int MostReplacements = 1_000;

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <exception cref="RefusedException">Invalid: it takes everything there is, or an edit does not say what to set.</exception>
    public static void Check(BulkDecision decision)
    {
        if (decision.Limit is < 1 or > BulkDecision.MaxItems)
            throw new RefusedException(RefusalCode.Invalid, $"limit is 1 to {BulkDecision.MaxItems}.");
        if (decision is { Stream: null, Rule: null, Pipeline: null })
            throw new RefusedException(RefusalCode.Invalid, "Name a pipeline, a stream or a rule: a decision on everything there is would be one by mistake.");
        if (decision.Kind == BulkKind.Discard && string.IsNullOrWhiteSpace(decision.Reason))
            throw new RefusedException(RefusalCode.Invalid, "reason is missing: why are these given up?");
        if (decision.Kind != BulkKind.Edit)
            return;
        if (string.IsNullOrEmpty(decision.Field) || (decision.ValueJson is null) == (decision.Replacements.Count == 0) || decision.Replacements.Count > MostReplacements)
            throw new RefusedException(RefusalCode.Invalid, $"An edit names a field, and either value or replace (at most {MostReplacements} values).");
        foreach (var json in decision.Replacements.Select(replacement => replacement.ToJson).Append(decision.ValueJson ?? "null"))
            if (Parsed(json) is JsonObject or JsonArray)
                throw new RefusedException(RefusalCode.Invalid, "An edit sets a field to a text, a number, true, false or null.");
    }

    public static bool Takes(BulkDecision decision, QuarantinedItem item) => item.Reasons.Any(reason =>
        (decision.Rule is null || reason.Rule == decision.Rule) && (decision.Kind == BulkKind.Edit || decision.Field is null || reason.Field == decision.Field));

    /// <summary>The payload with its field set, or null where there is nothing to set.</summary>
    public static string? Edited(string? payloadJson, BulkDecision decision)
    {
        if (string.IsNullOrEmpty(payloadJson) || JsonNode.Parse(payloadJson) is not JsonObject record)
            return null;
        var (holder, name) = Holder(record, decision.Field!);
        if (holder is null)
            return null;
        if (decision.ValueJson is { } json)
            holder[name] = Parsed(json);
        else if (decision.Replacements.FirstOrDefault(replacement => replacement.From == Text(holder[name])) is { } replacement)
            holder[name] = Parsed(replacement.ToJson);
        else
            return null;
        return record.ToJsonString(Readable);
    }

    public static BulkOutcome Outcome(List<QuarantineOutcome> outcomes, long? next) => new(outcomes.Count,
        outcomes.Count(outcome => outcome.State == QuarantineState.Released), outcomes.Count(outcome => outcome.State == QuarantineState.Discarded),
        outcomes.Count(outcome => outcome.State == QuarantineState.Held), [.. outcomes.Take(MostOutcomes)], next);

    /// <summary>The object that has the field: the record itself, or one within it where the field is a path.</summary>
    private static (JsonObject? Holder, string Name) Holder(JsonObject record, string field)
    {
        if (record.ContainsKey(field) || !field.Contains('.'))
            return (record, field);
        var parts = field.Split('.');
        var holder = record;
        foreach (var part in parts[..^1])
            if (holder?[part] is JsonObject inner)
                holder = inner;
            else
                return (null, field);
        return (holder, parts[^1]);
    }

    private static string Text(JsonNode? value) => value is null ? "" : value is JsonValue text && text.TryGetValue<string>(out var plain) ? plain : value.ToJsonString(Readable);

    private static JsonNode? Parsed(string json)
    {
        try
        {
            return JsonNode.Parse(json);
        }
        catch (JsonException wrong)
        {
            throw new RefusedException(RefusalCode.Invalid, $"A value is not JSON: {wrong.Message}");
        }
    }
}
