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

    /// <summary>Items decided on in one turn of an order: what others of the tenant wait for.</summary>
    public const int StepItems = 50;

    /// <summary>Held items that one page of an order's look has.</summary>
    public const int PageItems = 100;

    /// <summary>Orders of a tenant that are not through.</summary>
    public const int MostGoing = 20;

    /// <summary>Orders that are remembered after their end.</summary>
    public const int MostEnded = 50;

    /// <summary>Characters of what an order's edit says, all its values together: 64 Ki.</summary>
    public const int MostCharacters = 64 * 1024;

    /// <summary>Bytes of records that one append of an order has, unless one record alone is larger: 4 MiB.</summary>
    public const int MostTogetherBytes = 4 * 1024 * 1024;

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

    /// <summary>A decision as an order keeps it.</summary>
    /// <exception cref="RefusedException">Invalid, TooLarge: it cannot be one.</exception>
    public static BulkDecision Ordered(BulkDecision decision)
    {
        if (decision.DryRun)
            throw new RefusedException(RefusalCode.Invalid, "A dry run changes nothing and is answered at once, page by page: POST /api/quarantine/bulk.");
        decision = decision with { Before = null, Limit = BulkDecision.MaxItems };
        Check(decision);
        return decision.Replacements.Sum(replacement => (long)replacement.From.Length + replacement.ToJson.Length) + (decision.ValueJson?.Length ?? 0) <= MostCharacters ? decision
            : throw new RefusedException(RefusalCode.TooLarge, $"The values of an edit have at most {MostCharacters} characters together.");
    }

    /// <summary>How many items it takes at most, by what stands on the first page of its filter.</summary>
    public static long AtMost(BulkDecision decision, QuarantinePage page) => decision.Rule is null ? page.Held
        : page.Reasons.Where(reason => reason.Rule == decision.Rule && (decision.Stream is null || reason.Stream == decision.Stream)).Sum(reason => reason.Count);

    public static BulkOrder Counted(BulkOrder order, IReadOnlyList<QuarantineOutcome> outcomes) => order with
    {
        Next = [],
        Released = order.Released + outcomes.Count(outcome => outcome.State == QuarantineState.Released),
        Discarded = order.Discarded + outcomes.Count(outcome => outcome.State == QuarantineState.Discarded),
        StillHeld = order.StillHeld + outcomes.Count(outcome => outcome.State == QuarantineState.Held),
    };

    /// <summary>It has nothing more to do, and keeps no value that may have been a record's.</summary>
    /// <param name="by">Who stopped it; null: it is through.</param>
    public static BulkOrder Ended(BulkOrder order, DateTimeOffset now, string? by) => order with { Next = [], EndedAt = now, StoppedBy = by, Decision = order.Decision with { ValueJson = null, Replacements = [] } };

    /// <summary>All that go, and the last of those that ended.</summary>
    public static IReadOnlyList<BulkOrder> Kept(IReadOnlyList<BulkOrder> orders)
    {
        var forgotten = orders.Count(order => order.EndedAt is not null) - MostEnded;
        return forgotten <= 0 ? orders : [.. orders.Where(order => order.EndedAt is null || forgotten-- <= 0)];
    }

    /// <summary>What the audit says of it.</summary>
    public static JsonObject Said(BulkOrder order, string what, string by, string? why) => new()
    {
        ["who"] = by, ["what"] = $"quarantine: {order.Decision.Kind.ToString().ToLowerInvariant()} many, {what}", ["why"] = why, ["decision"] = order.Id, ["pipeline"] = order.Decision.Pipeline, ["stream"] = order.Decision.Stream,
        ["rule"] = order.Decision.Rule, ["field"] = order.Decision.Field, ["atMost"] = order.AtMost,
    };

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

    public static QuarantineOutcome NothingToEdit(QuarantinedItem item) =>
        new(item.Id, QuarantineState.Held, "Left as it is: it is no record, or its value is none of those to be replaced.", item.Reasons);

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
