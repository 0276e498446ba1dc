namespace Sophia.Operations;

/// <summary>The closed set of reasons for which Sophia says no. Each has one HTTP status and one text, kept at the edge.</summary>
public enum RefusalCode
{
    Invalid = 1,
    NotFound = 2,
    Conflict = 3,
    Forbidden = 4,
    Unauthenticated = 5,
    TooLarge = 6,
    Busy = 7,
    StorageFull = 8,
    Unavailable = 9,

    /// <summary>Nobody waits for the answer any more: the caller's deadline is over.</summary>
    DeadlinePassed = 10,
}

/// <summary>A caller's mistake or a foreseen no, thrown across a grain boundary; becomes RFC 9457 problem details at the edge.</summary>
/// <remarks>Errors lists what was wrong, one line each, in the caller's terms (file, line, expectation).</remarks>
[GenerateSerializer, Alias("Sophia.RefusedException")]
public sealed class RefusedException(RefusalCode code, string message, IReadOnlyList<string>? errors = null, DateTimeOffset? retryAt = null) : Exception(message)
{
    [Id(0)]
    public RefusalCode Code { get; } = code;

    [Id(1)]
    public IReadOnlyList<string> Errors { get; } = errors ?? [];

    [Id(2)]
    public DateTimeOffset? RetryAt { get; } = retryAt;
}
