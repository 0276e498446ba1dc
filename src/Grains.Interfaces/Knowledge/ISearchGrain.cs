namespace Sophia.Knowledge;

/// <summary>Searches one tenant's index. The key is the tenant; nothing here changes state.</summary>
[Alias("Sophia.ISearchGrain")]
public interface ISearchGrain : IGrainWithStringKey
{
    /// <exception cref="Operations.RefusedException">Invalid: an empty query, one over <see cref="SearchQuery.MaxTextLength"/> characters, a limit out of range.</exception>
    [Alias("Search"), Repeatable, Resilience.EndsAtDeadline, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<SearchAnswer> Search(SearchQuery query, CancellationToken cancellation);
}

/// <summary>What to look for, in plain words: no query syntax, nothing in the text is an operator.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.SearchQuery")]
public sealed record SearchQuery(
    [property: Id(0)] string Text,
    [property: Id(1)] int Limit = 10,
    [property: Id(2)] SearchFilter? Filter = null)
{
    /// <summary>In UTF-16 units.</summary>
    public const int MaxTextLength = 4_000;

    public const int MaxLimit = 1_000;
}

/// <summary>Only chunks that match every given part. Keys are of records within the streams; times are inclusive and exclusive.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.SearchFilter")]
public sealed record SearchFilter(
    [property: Id(0)] IReadOnlyList<string>? Streams = null,
    [property: Id(1)] IReadOnlyList<string>? Keys = null,
    [property: Id(2)] ChunkKind? Kind = null,
    [property: Id(3)] string? Speaker = null,
    [property: Id(4)] DateTimeOffset? From = null,
    [property: Id(5)] DateTimeOffset? Until = null,
    [property: Id(6)] IReadOnlyDictionary<string, string>? Fields = null);

public enum ChunkKind
{
    Turns = 1,
    Section = 2,
    Entity = 3,
    Function = 4,
}

/// <summary>The answer, best first. IndexedTo is the log position that the index has reached, Head the log's where records wait for the index: a difference means that newer records are still on their way.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.SearchAnswer")]
public sealed record SearchAnswer(
    [property: Id(0)] IReadOnlyList<SearchHit> Hits,
    [property: Id(1)] long Matched,
    [property: Id(2)] double Milliseconds,
    [property: Id(3)] long IndexedTo,
    [property: Id(4)] long Head,
    [property: Id(5)] WordCounts? Words = null)
{
    /// <summary>Why meaning had no part in this answer, which words alone gave; null where it had, or where there was nothing to compare with.</summary>
    [Id(6)]
    public string? Degraded { get; init; }

    /// <summary>Where this is the answer of an earlier search, given again without looking; else null.</summary>
    [Id(7)]
    public StaleAnswer? Stale { get; init; }

    /// <summary>How long it waited in the line of its own tenant's work, which says nothing of how quick things are; of no concern to who asked.</summary>
    [Id(8), System.Text.Json.Serialization.JsonIgnore]
    public TimeSpan Waited { get; init; }
}

/// <summary>An answer of before: newer records may be missing from it.</summary>
/// <param name="At">When it was found.</param>
/// <param name="Because">Why nobody looked again.</param>
[GenerateSerializer, Immutable, Alias("Sophia.StaleAnswer")]
public sealed record StaleAnswer([property: Id(0)] DateTimeOffset At, [property: Id(1)] string Because)
{
    /// <summary>One sentence for people.</summary>
    public string Said => $"As of {At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", System.Globalization.CultureInfo.InvariantCulture)}; newer records may be missing: {Because}";
}

/// <summary>How common the words looked for are: passages in the whole index, and for each word (its stem) those that hold it.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.WordCounts")]
public sealed record WordCounts([property: Id(0)] long Passages, [property: Id(1)] IReadOnlyDictionary<string, long> Holding);

/// <summary>One chunk. Highlights are spans of Text, in UTF-16 units.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.SearchHit")]
public sealed record SearchHit(
    [property: Id(0)] double Score,
    [property: Id(1)] long ChunkId,
    [property: Id(2)] Citation Citation,
    [property: Id(3)] ChunkKind Kind,
    [property: Id(4)] string Title,
    [property: Id(5)] string Text,
    [property: Id(6)] IReadOnlyList<TextSpan> Highlights,
    [property: Id(7)] string? Section,
    [property: Id(8)] IReadOnlyList<string> Speakers,
    [property: Id(9)] DateTimeOffset? At)
{
    /// <summary>The question's words that stand in it or in its title and headings, in lower case. None: it was found for its nearness, or stands beside a passage that holds them. Null: not said.</summary>
    [Id(10)]
    public IReadOnlyList<string>? Words { get; init; }

    /// <summary>How near it is to the question by the embedder's measure, -1 to 1; null where nearness had no part in its place.</summary>
    [Id(11)]
    public double? Nearness { get; init; }
}

[GenerateSerializer, Immutable, Alias("Sophia.TextSpan")]
public readonly record struct TextSpan([property: Id(0)] int Start, [property: Id(1)] int Length);

/// <summary>The exact words of a stored record version: for each field (a path such as <c>text</c> or <c>turns[3].text</c>) the UTF-16 span of its string.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.Citation")]
public sealed record Citation(
    [property: Id(0)] string Stream,
    [property: Id(1)] string Key,
    [property: Id(2)] long Version,
    [property: Id(3)] IReadOnlyList<FieldSpan> Spans);

[GenerateSerializer, Immutable, Alias("Sophia.FieldSpan")]
public sealed record FieldSpan([property: Id(0)] string Field, [property: Id(1)] int Start, [property: Id(2)] int Length);
