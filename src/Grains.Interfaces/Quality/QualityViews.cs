namespace Sophia.Quality;

/// <summary>What a stream's records look like now. Looked is how many were looked at: all, or beyond the limit those whose key's hash is low.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.StreamProfile")]
public sealed record StreamProfile(
    [property: Id(0)] string Stream,
    [property: Id(1)] long Records,
    [property: Id(2)] long Looked,
    [property: Id(3)] long Position,
    [property: Id(4)] DateTimeOffset At,
    [property: Id(5)] IReadOnlyList<FieldProfile> Fields,
    [property: Id(6)] IReadOnlyList<DayCount> Days,
    [property: Id(7)] string DriftMeasure,
    [property: Id(8)] int LeftOutFields = 0);

/// <summary>One field. Shares are of the records looked at, 0 to 1; Drift is the population stability index against the records before, null where there are too few.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.FieldProfile")]
public sealed record FieldProfile(
    [property: Id(0)] string Field,
    [property: Id(1)] double MissingShare,
    [property: Id(2)] long Distinct,
    [property: Id(3)] string? Least,
    [property: Id(4)] string? Most,
    [property: Id(5)] int ShortestLength,
    [property: Id(6)] int LongestLength,
    [property: Id(7)] IReadOnlyList<ValueShare> Types,
    [property: Id(8)] IReadOnlyList<ValueShare> Patterns,
    [property: Id(9)] IReadOnlyList<ValueShare> Top,
    [property: Id(10)] double? Drift);

[GenerateSerializer, Immutable, Alias("Sophia.ValueShare")]
public sealed record ValueShare([property: Id(0)] string Value, [property: Id(1)] long Count, [property: Id(2)] double Share);

/// <summary>Rows that came on one day, in UTC.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.DayCount")]
public sealed record DayCount([property: Id(0)] DateOnly Day, [property: Id(1)] long Rows);

/// <summary>What the rules say of a stream's records: scores, each rule's count, and findings from <see cref="FindingsQuery.From"/> on.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.FindingsPage")]
public sealed record FindingsPage(
    [property: Id(0)] string Stream,
    [property: Id(1)] long Position,
    [property: Id(2)] long Total,
    [property: Id(3)] IReadOnlyList<ScoreLine> Scores,
    [property: Id(4)] IReadOnlyList<RuleCount> Rules,
    [property: Id(5)] IReadOnlyList<Finding> Items,
    [property: Id(6)] IReadOnlyList<string> Unjudged);

/// <summary>Which findings to show. Limit is 1 to 1,000.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.FindingsQuery")]
public sealed record FindingsQuery([property: Id(0)] string Stream, [property: Id(1)] string? Rule = null, [property: Id(2)] string? Field = null, [property: Id(3)] int From = 0, [property: Id(4)] int Limit = 100);

/// <summary>One of the five scores, 0 to 1, with the formula that it comes from.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.ScoreLine")]
public sealed record ScoreLine([property: Id(0)] string Check, [property: Id(1)] double Score, [property: Id(2)] string Formula)
{
    /// <summary>No rule asks for it: the score is 1 and says nothing.</summary>
    [Id(3)]
    public bool Unjudged { get; init; }
}

/// <summary>How many cells a rule was asked of, and how many break it. Source says where the rule comes from.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.RuleCount")]
public sealed record RuleCount([property: Id(0)] string Rule, [property: Id(1)] string Kind, [property: Id(2)] string Field, [property: Id(3)] long Asked, [property: Id(4)] long Broken, [property: Id(5)] string Source);

/// <summary>One cell that breaks a rule. Key is empty where the stream as a whole is meant.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.Finding")]
public sealed record Finding(
    [property: Id(0)] string Rule,
    [property: Id(1)] string Kind,
    [property: Id(2)] string Field,
    [property: Id(3)] string Key,
    [property: Id(4)] string? Value,
    [property: Id(5)] string Expected,
    [property: Id(6)] string Reason,
    [property: Id(7)] string Source);

/// <summary>A rule that the records speak for. Rule is its text as it stands in a definition; nothing happens until a person accepts it.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.Suggestion")]
public sealed record Suggestion(
    [property: Id(0)] string Id,
    [property: Id(1)] string Kind,
    [property: Id(2)] string Field,
    [property: Id(3)] string Says,
    [property: Id(4)] string Rule,
    [property: Id(5)] long Support,
    [property: Id(6)] long Against,
    [property: Id(7)] IReadOnlyList<string> Examples);

/// <summary>What accepting or dismissing suggestions came to: the definition's new version, 0 where it has none.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.SuggestionOutcome")]
public sealed record SuggestionOutcome([property: Id(0)] string Pipeline, [property: Id(1)] int Version, [property: Id(2)] IReadOnlyList<string> Accepted, [property: Id(3)] IReadOnlyList<string> Unknown);
