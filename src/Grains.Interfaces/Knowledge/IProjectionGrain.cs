namespace Sophia.Knowledge;

/// <summary>The names of projections, as they stand in keys.</summary>
public static class Projections
{
    /// <summary>Passages to search.</summary>
    public const string Index = "index";

    /// <summary>Vectors of the passages. Its cursor and head count passages, not log positions: those with a vector, and all.</summary>
    public const string Vectors = "vectors";
}

/// <summary>Follows the log into something that can be thrown away and rebuilt. The key is "tenant/projection".</summary>
[Alias("Sophia.IProjectionGrain")]
public interface IProjectionGrain : IGrainWithStringKey
{
    /// <summary>Says that there is more to do. May be lost: a sweeper asks again.</summary>
    /// <param name="head">The position that what it follows has come to; 0 where that is not known.</param>
    [OneWay, Alias("Hint")]
    Task Hint(long head);

    [Alias("View"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<ProjectionView> View();

    /// <summary>Returns once the projection has passed a position, or has given up on it; refuses as Busy after <paramref name="patience"/>.</summary>
    [Alias("WaitFor")]
    Task<ProjectionView> WaitFor(long position, TimeSpan patience, CancellationToken cancellation);

    /// <summary>Starts again from the beginning of the log.</summary>
    [Alias("Rebuild")]
    Task<ProjectionView> Rebuild();

    /// <summary>Takes in again what it gave up on, as it stands now. Null: that is done, and it is no dead letter any more; else why it cannot be.</summary>
    /// <param name="position">As <see cref="ProjectionDeadLetter.Position"/>.</param>
    [Alias("Redo"), Repeatable]
    Task<string?> Redo(long position, string stream, string key, CancellationToken cancellation);

    /// <summary>Forgets that it gave up on records which are erased; how often it gave up is still counted.</summary>
    [Alias("Forget"), Repeatable]
    Task Forget(IReadOnlyList<Log.RecordKey> records);

    /// <summary>What it gave up on, newest first, at most <paramref name="limit"/>; the oldest are only counted.</summary>
    [Alias("DeadLetters"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<ProjectionDeadLetter>> DeadLetters(int limit);
}

[GenerateSerializer, Immutable, Alias("Sophia.ProjectionView")]
public sealed record ProjectionView(
    [property: Id(0)] string Name,
    [property: Id(1)] int Version,
    [property: Id(2)] long Cursor,
    [property: Id(3)] long Head,
    [property: Id(4)] DateTimeOffset? CaughtUpAt,
    [property: Id(5)] long DeadLetters,
    [property: Id(6)] string? LastError);

/// <summary>A record that the projection gave up on, after as many failures as its options say.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.ProjectionDeadLetter")]
public sealed record ProjectionDeadLetter([property: Id(0)] long Position, [property: Id(1)] string Stream, [property: Id(2)] string Key, [property: Id(3)] string Reason, [property: Id(4)] DateTimeOffset At);
