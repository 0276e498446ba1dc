namespace Sophia.Tenants;

/// <summary>Gives out everything that is remembered of a tenant, page by page, and keeps nothing itself. Only the system may ask; the key is the tenant.</summary>
[Alias("Sophia.ITenantExportGrain")]
public interface ITenantExportGrain : IGrainWithStringKey
{
    /// <summary>Writes into the tenant's audit that it is exported, and answers up to which position of the log; what is written later is not part of it.</summary>
    [Alias("Begin")]
    Task<long> Begin(string by);

    /// <summary>Lines of one part after a cursor (0: from the start). Whoever asks twice gets the same lines.</summary>
    [Alias("Page"), Resilience.EndsAtDeadline, Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<ExportPage> Page(ExportPart part, long after, long upTo);
}

/// <summary>Records: every version of every record. Conversations and Audit: their events. Definitions: pipelines as they stand. Quarantine: items in every state.</summary>
public enum ExportPart
{
    Records = 1,
    Conversations = 2,
    Audit = 3,
    Definitions = 4,
    Quarantine = 5,
}

/// <param name="Jsonl">One JSON object a line, UTF-8, each ended by a line feed; about 1 MB, more only for a single larger line.</param>
/// <param name="Lines">How many lines.</param>
/// <param name="Next">The cursor to go on from; null: that was all.</param>
[GenerateSerializer, Immutable, Alias("Sophia.ExportPage")]
public sealed record ExportPage([property: Id(0)] byte[] Jsonl, [property: Id(1)] int Lines, [property: Id(2)] long? Next);
