namespace Sophia.Log;

public enum RecordOperation
{
    Upsert = 1,
    Delete = 2,
}

/// <summary>One stored version of a record. Payload is a JSON object; versions of a key count from 1 without gaps.</summary>
/// <param name="DefinitionVersion">The version of the pipeline's definition whose transforms made it; null where it was stored as its source said it.</param>
/// <param name="SourceJson">What the source said, where it was transformed and its stream does not mask; only of a record that is asked for by itself.</param>
[GenerateSerializer, Immutable, Alias("Sophia.RecordView")]
public sealed record RecordView(
    [property: Id(0)] string Stream,
    [property: Id(1)] string Key,
    [property: Id(2)] long Version,
    [property: Id(3)] RecordOperation Operation,
    [property: Id(4)] string PayloadJson,
    [property: Id(5)] DateTimeOffset At,
    [property: Id(6)] string Run,
    [property: Id(7)] long Position,
    [property: Id(8)] string HashHex,
    [property: Id(9)] int? DefinitionVersion = null,
    [property: Id(10)] string? SourceJson = null);

[GenerateSerializer, Immutable, Alias("Sophia.StreamView")]
public sealed record StreamView([property: Id(0)] string Stream, [property: Id(1)] long Records, [property: Id(2)] long Deleted);

/// <summary>Reads a tenant's records from the log. The key is the tenant; nothing here changes state.</summary>
[Alias("Sophia.IRecordsGrain")]
public interface IRecordsGrain : IGrainWithStringKey
{
    /// <summary>The newest version, a tombstone included, or null.</summary>
    [Alias("Current"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<RecordView?> Current(string stream, string key);

    [Alias("Version"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<RecordView?> Version(string stream, string key, long version);

    /// <summary>The version that was newest at a moment, or null.</summary>
    /// <exception cref="Operations.RefusedException">Conflict: versions of then are gone; the text says from when on there are.</exception>
    [Alias("AsOf"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<RecordView?> AsOf(string stream, string key, DateTimeOffset moment);

    /// <summary>Versions, newest first, at most <paramref name="limit"/> (1 to 1,000).</summary>
    [Alias("Versions"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<RecordView>> Versions(string stream, string key, int limit);

    [Alias("Streams"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<StreamView>> Streams();

    /// <summary>The newest versions of a stream in key order, after a key, at most <paramref name="limit"/> (1 to 1,000).</summary>
    [Alias("Scan"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<RecordView>> Scan(string stream, string? afterKey, int limit);

    /// <summary>Records of a stream as they stood at a moment, in key order, after a key; looks at at most <paramref name="limit"/> keys (1 to 1,000), of which some may not have been there.</summary>
    /// <exception cref="Operations.RefusedException">Conflict: versions of then are gone; the text says from when on there are.</exception>
    [Alias("Standing"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<RecordsPage> Standing(string stream, DateTimeOffset moment, string? afterKey, int limit);

    /// <summary>Says for a record ("stream/key"), quarantined item or run which stage it is in, since when, and what it waits for.</summary>
    [Alias("Why"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<WhyView> Why(string id);
}

/// <param name="Next">The key to go on after; null: that was all.</param>
[GenerateSerializer, Immutable, Alias("Sophia.RecordsPage")]
public sealed record RecordsPage([property: Id(0)] IReadOnlyList<RecordView> Records, [property: Id(1)] string? Next);

/// <summary>The life of one thing, in order; the last stage is where it is now.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.WhyView")]
public sealed record WhyView(
    [property: Id(0)] string Id,
    [property: Id(1)] string Stage,
    [property: Id(2)] DateTimeOffset? Since,
    [property: Id(3)] string? WaitingFor,
    [property: Id(4)] string Explanation,
    [property: Id(5)] IReadOnlyList<WhyStep> Steps);

/// <summary>One stage.</summary>
/// <param name="SourceJson">What the source said of a version that was transformed, cut at 2,000 bytes; null where it was not transformed or its stream masks.</param>
[GenerateSerializer, Immutable, Alias("Sophia.WhyStep")]
public sealed record WhyStep([property: Id(0)] string Stage, [property: Id(1)] DateTimeOffset? At, [property: Id(2)] string Detail, [property: Id(3)] string? SourceJson = null);
