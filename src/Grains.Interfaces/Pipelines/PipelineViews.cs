namespace Sophia.Pipelines;

[GenerateSerializer, Immutable, Alias("Sophia.PipelineView")]
public sealed record PipelineView(
    [property: Id(0)] string Name,
    [property: Id(1)] int Version,
    [property: Id(2)] string DefinitionText,
    [property: Id(3)] DateTimeOffset DefinedAt,
    [property: Id(4)] IReadOnlyList<SourceView> Sources,
    [property: Id(5)] string? Schedule,
    [property: Id(6)] RunView? ActiveRun,
    [property: Id(7)] RunView? LastRun,
    [property: Id(8)] DeliveryTally? Deliveries = null,
    [property: Id(9)] DefinitionChange? Change = null);

/// <summary>What a pipeline's webhook has taken so far; a repeated delivery counts once. Filtered ones were left out by their stream's transforms. Null in a view: it has no webhook.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.DeliveryTally")]
public sealed record DeliveryTally([property: Id(0)] long Stored = 0, [property: Id(1)] long Quarantined = 0, [property: Id(2)] DateTimeOffset? LastAt = null, [property: Id(3)] long Filtered = 0);

/// <summary>What a definition that was just stated did; only the answer to stating it says so.</summary>
/// <param name="Replaced">The version whose place it took: 0 where there was none, its own where the text is unchanged.</param>
/// <param name="Lines">What differs from the replaced text, at most 40 lines, each after "+ " or "- ".</param>
/// <param name="Warnings">What will keep it from reading as things are now, such as a folder that does not exist.</param>
[GenerateSerializer, Immutable, Alias("Sophia.DefinitionChange")]
public sealed record DefinitionChange([property: Id(0)] int Replaced, [property: Id(1)] IReadOnlyList<string> Lines, [property: Id(2)] IReadOnlyList<string> Warnings);

/// <summary>A source as people see it; never a secret.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.SourceView")]
public sealed record SourceView([property: Id(0)] string Type, [property: Id(1)] string Description, [property: Id(2)] bool Watched, [property: Id(3)] string? WebhookPath)
{
    /// <summary>The breaker before it, of the same tenant; null: none stands before it, because it is no dependency (a folder).</summary>
    [Id(4)]
    public string? Breaker { get; init; }

    /// <summary>Why nothing can be taken from it now, such as a webhook's secret that is not to be had, by its name; null: nobody has found anything wrong.</summary>
    [Id(5)]
    public string? Trouble { get; init; }
}

[GenerateSerializer, Immutable, Alias("Sophia.StartRun")]
public sealed record StartRun([property: Id(0)] bool DryRun = false, [property: Id(1)] bool FullRefresh = false, [property: Id(2)] string? OperationId = null, [property: Id(3)] string Reason = "asked");

public enum RunState
{
    Running = 1,
    Paused = 2,
    /// <summary>Everything read is stored or quarantined.</summary>
    Succeeded = 3,
    Failed = 4,
    Cancelled = 5,
}

/// <summary>One run: a row of sync_logs. Counts are of records unless said; a rate is records a second since the start, pauses left out. Samples are what a dry run would have quarantined.</summary>
/// <param name="Transforms">What transforms did, by stream and step; of the newest runs of a pipeline, where it is asked for. Null: there were none, or it is not known any more.</param>
/// <param name="TransformsSince">Where another silo took the run over midway: transforms are counted from then on.</param>
[GenerateSerializer, Immutable, Alias("Sophia.RunView")]
public sealed record RunView(
    [property: Id(0)] string RunId,
    [property: Id(1)] string Pipeline,
    [property: Id(2)] int DefinitionVersion,
    [property: Id(3)] bool DryRun,
    [property: Id(4)] RunState State,
    [property: Id(5)] DateTimeOffset StartedAt,
    [property: Id(6)] DateTimeOffset UpdatedAt,
    [property: Id(7)] DateTimeOffset? EndedAt,
    [property: Id(8)] DateTimeOffset? SearchableAt,
    [property: Id(9)] RunCounts Counts,
    [property: Id(10)] double RecordsPerSecond,
    [property: Id(11)] int PartitionsTotal,
    [property: Id(12)] int PartitionsDone,
    [property: Id(13)] string? Error,
    [property: Id(14)] string Reason,
    [property: Id(15)] double? QualityScore,
    [property: Id(16)] IReadOnlyList<SampleReason>? Samples = null,
    [property: Id(17)] IReadOnlyList<StreamTransformView>? Transforms = null,
    [property: Id(18)] DateTimeOffset? TransformsSince = null)
{
    /// <summary>Files that were too young to be read when the run looked: somebody may still be writing them. Said while the run is in memory; the watch reads them once they rest.</summary>
    [Id(19)]
    public int Settling { get; init; }

    /// <summary>What a run that goes waits for; null: nothing, or that is not known.</summary>
    [Id(20)]
    public RunWait? Waits { get; init; }
}

/// <summary>Why a run that goes does not read: its turn in the tenant's queue has not come, or something keeps it from going on.</summary>
/// <param name="Because">In words, with place and time, without a full stop.</param>
/// <param name="Since">Since when it waits for its turn; null: it has had its turn.</param>
/// <param name="Place">Its place among those that wait, from 1; null: it stands in no line.</param>
/// <param name="Of">How many wait.</param>
[GenerateSerializer, Immutable, Alias("Sophia.RunWait")]
public sealed record RunWait([property: Id(0)] string Because, [property: Id(1)] DateTimeOffset? Since = null, [property: Id(2)] int? Place = null, [property: Id(3)] int? Of = null);

/// <summary>What a run counted so far, in records but for bytes, unreadable partitions and nulled values. Filtered records left by their stream's transforms; Nulled values could not be cast; Blocked records were erased and left out.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.RunCounts")]
public sealed record RunCounts(
    [property: Id(0)] long In = 0,
    [property: Id(1)] long Valid = 0,
    [property: Id(2)] long Quarantined = 0,
    [property: Id(3)] long Duplicate = 0,
    [property: Id(4)] long Stored = 0,
    [property: Id(5)] long Deleted = 0,
    [property: Id(6)] long Chunked = 0,
    [property: Id(7)] long Bytes = 0,
    [property: Id(8)] long Unreadable = 0,
    [property: Id(9)] long Filtered = 0,
    [property: Id(10)] long Nulled = 0,
    [property: Id(11)] long Blocked = 0)
{
    public static RunCounts operator +(RunCounts a, RunCounts b) => new(
        a.In + b.In, a.Valid + b.Valid, a.Quarantined + b.Quarantined, a.Duplicate + b.Duplicate, a.Stored + b.Stored,
        a.Deleted + b.Deleted, a.Chunked + b.Chunked, a.Bytes + b.Bytes, a.Unreadable + b.Unreadable, a.Filtered + b.Filtered, a.Nulled + b.Nulled, a.Blocked + b.Blocked);
}

[GenerateSerializer, Immutable, Alias("Sophia.UnreadableView")]
public sealed record UnreadableView([property: Id(0)] string Path, [property: Id(1)] string Reason, [property: Id(2)] long Bytes);

/// <summary>What a run left of one stream: versions and deletions in the log, and records that it held back, whatever was decided on them since.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.RunStreamView")]
public sealed record RunStreamView([property: Id(0)] string Stream, [property: Id(1)] long Stored, [property: Id(2)] long Deleted, [property: Id(3)] long Quarantined);

/// <summary>An HTTP delivery as it came: header names in lower case, the body untouched because the signature covers its bytes.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.WebhookDelivery")]
public sealed record WebhookDelivery([property: Id(0)] IReadOnlyDictionary<string, string> Headers, [property: Id(1)] ReadOnlyMemory<byte> Body);

public enum DeliveryOutcome
{
    Stored = 1,
    Duplicate = 2,
    Quarantined = 3,
    WrongSignature = 4,
    Invalid = 5,
    NoSuchWebhook = 6,
}

[GenerateSerializer, Immutable, Alias("Sophia.DeliveryResult")]
public sealed record DeliveryResult([property: Id(0)] DeliveryOutcome Outcome, [property: Id(1)] string Detail, [property: Id(2)] string? RecordId);
