using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sophia.Resilience;

/// <summary>What is kept of a key. Its JSON is on disk under <see cref="IdempotencyRecordJson.Format"/>; the outcome's body lies beside it.</summary>
/// <param name="Stamp">Rises with every write, also where a row was removed and made again: a write names the stamp that it follows.</param>
/// <param name="Round">Rises with every claim that is granted.</param>
/// <param name="LeaseUntil">While running: how long the holder may be silent.</param>
internal sealed record IdempotencyRecord(
    long Stamp,
    IdempotencyState State,
    long Round,
    int Attempts,
    string Holder,
    string Fingerprint,
    string Operation,
    DateTimeOffset BeganAt,
    DateTimeOffset LeaseUntil,
    DateTimeOffset ExpiresAt,
    DateTimeOffset? EndedAt = null,
    string? Because = null,
    IdempotentOutcome? Outcome = null)
{
    /// <summary>Until then the row must not be removed.</summary>
    [JsonIgnore]
    public DateTimeOffset KeptUntil => State == IdempotencyState.Running && LeaseUntil > ExpiresAt ? LeaseUntil : ExpiresAt;
}

/// <summary>How a record is written into its row. Readers accept every older format.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IdempotencyRecord))]
internal sealed partial class IdempotencyRecordJson : JsonSerializerContext
{
    public const int Format = 1;

    /// <summary>The record without its body, and the body (null: there is none).</summary>
    public static (byte[] Record, byte[]? Body) Write(IdempotencyRecord record)
    {
        var bare = record.Outcome is { Body.Length: > 0 } outcome ? record with { Outcome = outcome with { Body = [] } } : record;
        return (JsonSerializer.SerializeToUtf8Bytes(bare, Default.IdempotencyRecord), record.Outcome is { Body.Length: > 0 } answered ? answered.Body : null);
    }

    /// <exception cref="JsonException">It is no record, or of a newer format.</exception>
    public static IdempotencyRecord Read(int format, ReadOnlySpan<byte> record, byte[]? body)
    {
        if (format is < 1 or > Format || JsonSerializer.Deserialize(record, Default.IdempotencyRecord) is not { } read)
            throw new JsonException($"An idempotency record of format {format} is not known.");
        return body is null || read.Outcome is null ? read : read with { Outcome = read.Outcome with { Body = body } };
    }
}
