namespace Sophia.Log;

/// <summary>Erases records of a tenant, and keeps them from coming back. The key is the tenant. One erasure goes at a time.</summary>
[Alias("Sophia.IErasureGrain")]
public interface IErasureGrain : IGrainWithStringKey
{
    /// <summary>Looks for what an erasure would take, beside its calls; nothing is changed. It takes the place of a plan that was not applied.</summary>
    /// <exception cref="Operations.RefusedException">Invalid: the selection says nothing, or too much. Conflict: an erasure is being applied.</exception>
    [Alias("Plan")]
    Task<ErasureView> Plan(ErasureSelection selection, string by);

    /// <summary>Erases what a plan found, and no other record. It goes on by itself, whatever dies in between.</summary>
    /// <param name="token">The plan's: it stands for the records and items that were shown.</param>
    /// <param name="reference">Of the request, such as a ticket's number, for the audit; no personal data. At most 100 characters.</param>
    /// <exception cref="Operations.RefusedException">Conflict: there is no such plan (any more), or its token is another one.</exception>
    [Alias("Apply")]
    Task<ErasureView> Apply(string token, string? reference, string by);

    /// <summary>Forgets a plan that is not being applied.</summary>
    [Alias("Drop")]
    Task Drop();

    [Alias("View"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<ErasuresView> View();

    /// <summary>The records that may not come back, by stream and mark, after one of them; at most <paramref name="limit"/> (1 to 1,000).</summary>
    [Alias("Blocked"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<BlockedRecord>> Blocked(BlockedRecord? after, int limit);

    /// <summary>Lets records be stored again, by their marks or by their keys; answers how many could not be stored before.</summary>
    [Alias("Allow")]
    Task<int> Allow(IReadOnlyList<string> marks, IReadOnlyList<RecordKey> records, string by);
}

/// <summary>Which records: those named, or those of which a version, or what is quarantined of them, has a value.</summary>
/// <param name="Records">At most 10,000.</param>
/// <param name="Value">A field's whole value; case and blanks around it do not count.</param>
/// <param name="Field">With a value: the field, with dots for what is inside of it; null: any field.</param>
/// <param name="Streams">With a value: where to look; empty: in every stream.</param>
[GenerateSerializer, Immutable, Alias("Sophia.ErasureSelection")]
public sealed record ErasureSelection(
    [property: Id(0)] IReadOnlyList<RecordKey>? Records = null,
    [property: Id(1)] string? Value = null,
    [property: Id(2)] string? Field = null,
    [property: Id(3)] IReadOnlyList<string>? Streams = null);

public enum ErasurePhase
{
    /// <summary>Looks for records that have the value.</summary>
    Looking = 1,

    /// <summary>Counts versions, and looks for what cites or names the records.</summary>
    Counting = 2,

    /// <summary>Waits for somebody to apply it.</summary>
    Planned = 3,

    /// <summary>Too much was found. Nothing happens.</summary>
    Refused = 4,

    /// <summary>Tombstones are written; from here on the records cannot come back.</summary>
    Blocking = 5,

    /// <summary>Passages leave the search.</summary>
    Withdrawing = 6,

    /// <summary>Versions and quarantined items leave the log.</summary>
    Removing = 7,

    /// <summary>The search forgets that the records were.</summary>
    Forgetting = 8,

    /// <summary>The files are written anew, so that no byte stays behind.</summary>
    Scrubbing = 9,

    Done = 10,
}

/// <summary>The erasure that is planned or applied, if any, and those before it, newest first.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.ErasuresView")]
public sealed record ErasuresView([property: Id(0)] ErasureView? Current, [property: Id(1)] IReadOnlyList<ErasureView> Done);

/// <summary>One erasure. What is personal (keys) is there until it has been removed.</summary>
/// <param name="Token">Of a plan: what to apply it with.</param>
/// <param name="ExpiresAt">When a plan is forgotten.</param>
/// <param name="Keys">The first of the records found, at most 100.</param>
/// <param name="Streams">What is erased, by stream; of one that is done what was, with no stream's name where only numbers are known.</param>
/// <param name="Untouched">What stays, or may stay, and who has to see to it.</param>
/// <param name="WaitsFor">Why it does not go on now.</param>
/// <param name="LookedTo">The log position that looking has come to, of <paramref name="Head"/>.</param>
[GenerateSerializer, Immutable, Alias("Sophia.ErasureView")]
public sealed record ErasureView(
    [property: Id(0)] string Id,
    [property: Id(1)] ErasurePhase Phase,
    [property: Id(2)] string By,
    [property: Id(3)] DateTimeOffset At,
    [property: Id(4)] string? AppliedBy,
    [property: Id(5)] DateTimeOffset? AppliedAt,
    [property: Id(6)] DateTimeOffset? EndedAt,
    [property: Id(7)] string? Token,
    [property: Id(8)] DateTimeOffset? ExpiresAt,
    [property: Id(9)] long Records,
    [property: Id(10)] long Versions,
    [property: Id(11)] long Items,
    [property: Id(12)] IReadOnlyList<ErasedStream> Streams,
    [property: Id(13)] IReadOnlyList<RecordKey> Keys,
    [property: Id(14)] long ChatMessages,
    [property: Id(15)] long Conversations,
    [property: Id(16)] long AuditEntries,
    [property: Id(17)] IReadOnlyList<string> Untouched,
    [property: Id(18)] string? WaitsFor,
    [property: Id(19)] long LookedTo = 0,
    [property: Id(20)] long Head = 0,
    [property: Id(21)] string? Reference = null);

[GenerateSerializer, Immutable, Alias("Sophia.ErasedStream")]
public sealed record ErasedStream([property: Id(0)] string Stream, [property: Id(1)] long Records, [property: Id(2)] long Versions);

/// <summary>A record that may not come back, known by its mark: 32 digits of lower hex.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.BlockedRecord")]
public sealed record BlockedRecord([property: Id(0)] string Stream, [property: Id(1)] string Mark, [property: Id(2)] string Erasure, [property: Id(3)] DateTimeOffset At);
