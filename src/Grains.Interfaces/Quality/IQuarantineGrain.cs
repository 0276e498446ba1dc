namespace Sophia.Quality;

/// <summary>What the gate held back in one tenant. The key is the tenant. Every decision is an audit entry; a release never overwrites a newer version.</summary>
[Alias("Sophia.IQuarantineGrain")]
public interface IQuarantineGrain : IGrainWithStringKey
{
    [Alias("List"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<QuarantinePage> List(QuarantineQuery query);

    [Alias("Get"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<QuarantinedItem?> Get(long id);

    /// <summary>Stores the items as they are. One outcome per id.</summary>
    [Alias("Release")]
    Task<IReadOnlyList<QuarantineOutcome>> Release(IReadOnlyList<long> ids, string by);

    /// <summary>Replaces the payload, judges it again and stores it where it passes; else it stays held with the new reasons.</summary>
    [Alias("Edit")]
    Task<QuarantineOutcome> Edit(long id, string payloadJson, string by);

    /// <summary>Gives the items up; they stay listed as discarded. One outcome per id.</summary>
    [Alias("Discard")]
    Task<IReadOnlyList<QuarantineOutcome>> Discard(IReadOnlyList<long> ids, string reason, string by);

    /// <summary>Decides on every held item that a filter takes, newest first, at most <see cref="BulkDecision.MaxItems"/> in one call; each item has its own audit entry. <see cref="BulkOutcome.Next"/> says where to go on.</summary>
    [Alias("Many")]
    Task<BulkOutcome> Many(BulkDecision decision, string by);

    /// <summary>Decides on these as a bulk decision says; again after an unknown outcome it decides on those that are left. Items that a person or another order decided on have no outcome.</summary>
    /// <param name="once">The beginning of once-keys, never used for another decision; the audit names it as <c>order</c>.</param>
    [Alias("Some")]
    Task<IReadOnlyList<QuarantineOutcome>> Some(BulkDecision decision, IReadOnlyList<long> ids, string once, string by);
}

public enum QuarantineState
{
    Held = 1,
    Released = 2,
    Discarded = 3,

    /// <summary>There is no such item; only the outcome of a decision says so.</summary>
    Unknown = 4,
}

/// <summary>Which items to show, newest first. Before is the id to go on from; limit is 1 to 500.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.QuarantineQuery")]
public sealed record QuarantineQuery(
    [property: Id(0)] string? Pipeline = null,
    [property: Id(1)] string? Stream = null,
    [property: Id(2)] string? Run = null,
    [property: Id(3)] QuarantineState? State = QuarantineState.Held,
    [property: Id(4)] long? Before = null,
    [property: Id(5)] int Limit = 50);

[GenerateSerializer, Immutable, Alias("Sophia.QuarantinePage")]
public sealed record QuarantinePage([property: Id(0)] IReadOnlyList<QuarantinedItem> Items, [property: Id(1)] long Held, [property: Id(2)] IReadOnlyList<ReasonCount> Reasons);

/// <summary>How many held items one rule holds back.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.ReasonCount")]
public sealed record ReasonCount([property: Id(0)] string Stream, [property: Id(1)] string Rule, [property: Id(2)] long Count);

/// <summary>A record that the gate held back, or a piece of a file that is no record (then PayloadJson is null and the origin says where it lies). HeadVersion is the key's newest version when it was held back, 0 for none.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.QuarantinedItem")]
public sealed record QuarantinedItem(
    [property: Id(0)] long Id,
    [property: Id(1)] string Pipeline,
    [property: Id(2)] string Run,
    [property: Id(3)] string Stream,
    [property: Id(4)] string? Key,
    [property: Id(5)] string? PayloadJson,
    [property: Id(6)] IReadOnlyList<CellReason> Reasons,
    [property: Id(7)] QuarantineState State,
    [property: Id(8)] DateTimeOffset At,
    [property: Id(9)] Origin Origin,
    [property: Id(10)] string? DecidedBy,
    [property: Id(11)] DateTimeOffset? DecidedAt,
    [property: Id(12)] long HeadVersion = 0,
    [property: Id(13)] QuarantineSource? Source = null);

/// <summary>What a held record was transformed from: the version of the definition, what the source said (null where the stream masks), and its number among those that one source record was split into (0: it was not).</summary>
[GenerateSerializer, Immutable, Alias("Sophia.QuarantineSource")]
public sealed record QuarantineSource([property: Id(0)] int DefinitionVersion, [property: Id(1)] string? PayloadJson, [property: Id(2)] int Item = 0);

/// <summary>Why one cell fails: the field, the rule's name, the value as seen (at most 200 characters), what was expected, and what may help.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.CellReason")]
public sealed record CellReason([property: Id(0)] string Field, [property: Id(1)] string Rule, [property: Id(2)] string? Value, [property: Id(3)] string Expected, [property: Id(4)] string? Hint);

/// <summary>Where a record came from: a path within its source, byte offset and length, line from 1, and the SHA-256 of an unreadable piece.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.Origin")]
public sealed record Origin([property: Id(0)] string Path, [property: Id(1)] long Offset = 0, [property: Id(2)] long Length = 0, [property: Id(3)] long Line = 0, [property: Id(4)] string? HashHex = null);

[GenerateSerializer, Immutable, Alias("Sophia.QuarantineOutcome")]
public sealed record QuarantineOutcome([property: Id(0)] long Id, [property: Id(1)] QuarantineState State, [property: Id(2)] string Detail, [property: Id(3)] IReadOnlyList<CellReason> Reasons);
