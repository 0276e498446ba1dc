using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;

namespace Sophia.Quality;

/// <summary>What a decision on a quarantined item is made of, and what is said of it.</summary>
internal static class QuarantineRules
{
    /// <summary>The most items that one page shows.</summary>
    public const int MaxListed = 500;

    private const string OrderField = "order";

    /// <summary>The largest payload that an edit takes, in bytes.</summary>
    public const int MaxPayloadBytes = 8 * 1024 * 1024;

    /// <exception cref="RefusedException">It is no JSON object, has a name twice, or is too large.</exception>
    public static ReadOnlyMemory<byte> PayloadOf(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        if (bytes.Length > MaxPayloadBytes)
            throw new RefusedException(RefusalCode.TooLarge, $"A payload has at most {MaxPayloadBytes} bytes.");
        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (WebhookBody.HasHalfCharacter(bytes))
                throw new RefusedException(RefusalCode.Invalid, $"The payload is not {HalfCharacter.Expected}. {HalfCharacter.Hint}");
            return document.RootElement.ValueKind == JsonValueKind.Object ? bytes : throw new RefusedException(RefusalCode.Invalid, "The payload is not a JSON object.");
        }
        catch (JsonException wrong)
        {
            throw new RefusedException(RefusalCode.Invalid, $"The payload is not well-formed JSON: {wrong.Message}");
        }
    }

    /// <summary>The key that the payload is stored under, or what is missing to make one. Without key fields it stays the item's own.</summary>
    public static (string? Key, CellReason? Missing) KeyOf(QuarantinedItem item, ReadOnlySpan<byte> payload, PipelineDefinition? definition)
    {
        var stated = definition?.StreamOf(item.Stream);
        if (item.Key is not null && stated?.Transforms.Any(transform => transform.Kind == TransformKind.Split) == true)
            return (item.Key, null);
        var fields = stated?.Key ?? [];
        if (fields.Count == 0 || (definition is not null && item.Key is not null && item.Origin.Path.StartsWith(WebhookDesk.OriginPrefix, StringComparison.Ordinal)))
            return item.Key is not null ? (item.Key, null)
                : (null, new CellReason("*", "key", null, "a key: the definition of the stream names no key fields", "Name key fields in the definition, or correct the source."));
        var (key, missing) = Made(fields, payload);
        return KeyFields.Fits(key) ? (key, null)
            : (null, new CellReason(missing ?? fields[0], "key", null, key is null ? "a value: the key is made from it" : KeyFields.Expectation, null));
    }

    /// <summary>Why the record would be held back by the rules as they are now; empty where it passes.</summary>
    public static IReadOnlyList<CellReason> Judge(PipelineDefinition definition, string stream, string key, ReadOnlyMemory<byte> payload, DateTimeOffset now)
    {
        if (ReservedStream(stream) is { } reserved)
            return new[] { reserved };
        var record = new SourceRecord(stream, key, RecordOperation.Upsert, payload, 0, payload.Length, 0);
        return new GateJudges().For(definition).Judge([new KeyedRecord(key, record)], now).Reasons[0] ?? [];
    }

    /// <summary>Why no record can be stored in a stream, or null.</summary>
    public static CellReason? ReservedStream(string stream) => OwnStreams.Include(stream)
        ? new CellReason("", "stream", stream, OwnStreams.Expectation, "Give the source a stream of another name.") : null;

    /// <summary>The part of the source that the record counts as seen in, where only one source can have brought it.</summary>
    public static string? PartitionOf(QuarantinedItem item, PipelineDefinition? definition) =>
        definition?.Sources is [{ Type: "files" } source] ? PartitionMark.HeadName(definition.Name, PartitionMark.PartitionName(ReadingPlan.NameOf(source), item.Origin.Path)) : null;

    /// <summary>What a held record was transformed from, so that it can be transformed again after its release; not that of an edited one, which nobody's source said.</summary>
    public static EntrySource? SourceOf(QuarantinedItem item) => item.Source is not { } source ? null
        : new EntrySource(source.DefinitionVersion, source.Item, source.PayloadJson is null ? default : Encoding.UTF8.GetBytes(source.PayloadJson));

    /// <param name="order">The once-identity of the order on many items that it is decided on by; null: none.</param>
    public static NewEntry Audit(QuarantinedItem item, QuarantineDecision decision, string what, string? order)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("who", decision.By);
            json.WriteString("what", $"quarantine: {what}");
            json.WriteString("why", decision.Note ?? string.Join("; ", item.Reasons.Select(reason => $"{reason.Field}: {reason.Rule}")));
            json.WriteNumber("item", item.Id);
            json.WriteString("pipeline", item.Pipeline);
            json.WriteString("stream", item.Stream);
            json.WriteString("key", item.Key);
            if (order is not null)
                json.WriteString(OrderField, order);
            json.WriteEndObject();
        }
        var payload = buffer.WrittenSpan.ToArray();
        return new NewEntry(EntryType.Audit, OwnStreams.Audit, AuditKey(item.Id), RecordOperation.Upsert, payload,
            EntryHash.Of(RecordOperation.Upsert, payload), OnlyIfChanged: false);
    }

    public static string AuditKey(long item) => $"quarantine/{item.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Whether an item's last audit entry is of that order on many items.</summary>
    public static bool IsOf(LogEntry audit, string order)
    {
        if (audit.Payload.IsEmpty)
            return false;
        using var said = JsonDocument.Parse(audit.Payload);
        return said.RootElement.TryGetProperty(OrderField, out var named) && named.ValueEquals(order);
    }

    public static string Said(string what, EntryDisposition? stored) => stored switch
    {
        null => char.ToUpperInvariant(what[0]) + what[1..] + ".",
        EntryDisposition.Stored => char.ToUpperInvariant(what[0]) + what[1..] + " and stored.",
        EntryDisposition.Blocked or EntryDisposition.Withdrawn => char.ToUpperInvariant(what[0]) + what[1..] + "; the record was erased and may not come back.",
        EntryDisposition.Duplicate => char.ToUpperInvariant(what[0]) + what[1..] + "; the same content was stored already.",
        _ => "Closed: a newer version was stored at the same moment, and nothing was written over it.",
    };

    public static QuarantineOutcome Newer(QuarantinedItem item, string key, LogEntry newest) => new(item.Id, QuarantineState.Held,
        string.Create(CultureInfo.InvariantCulture, $"{item.Stream}/{key} has a newer version ({newest.Version}, of {newest.At:yyyy-MM-dd HH:mm:ss}Z), which a release never overwrites. Discard the item, or correct the source."), item.Reasons);

    public static QuarantineOutcome AlreadyDecided(QuarantinedItem item) =>
        new(item.Id, item.State, $"Decided already by {item.DecidedBy}: {item.State.ToString().ToLowerInvariant()}.", item.Reasons);

    public static QuarantineOutcome Unknown(long id) => new(id, QuarantineState.Unknown, $"There is no quarantined item {id}.", []);

    private static (string? Key, string? Missing) Made(IReadOnlyList<string> fields, ReadOnlySpan<byte> payload)
    {
        try
        {
            return (new KeyFields(fields).Of(payload, out var missing), missing);
        }
        catch (JsonException)
        {
            return (null, fields[0]);
        }
    }
}
