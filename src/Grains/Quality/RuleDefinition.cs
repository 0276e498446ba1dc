namespace Sophia.Quality;

public enum RuleKind
{
    Required = 1,
    Type = 2,
    Format = 3,
    Range = 4,
    Enum = 5,
    Pattern = 6,
    CrossField = 7,
    Age = 8,
    Unique = 9,

    /// <summary>The field is decided by the fields in Values. Judged over the stream, never by the gate, as are those below.</summary>
    Dependency = 10,

    /// <summary>The value stands in a field of another stream; arguments stream and field.</summary>
    Reference = 11,

    /// <summary>No rare value that is a few letters away from a common one.</summary>
    Spelling = 12,

    /// <summary>No two records whose text in the fields of Values is nearly the same; argument likeness.</summary>
    Similar = 13,
}

public enum RuleLevel
{
    /// <summary>The record is quarantined.</summary>
    Error = 1,

    /// <summary>The record is stored and the score falls.</summary>
    Warning = 2,
}

internal static class RuleKinds
{
    /// <summary>Whether it needs the stream's other records, or another stream's: it flags later and holds nothing back.</summary>
    public static bool IsOverStream(this RuleKind kind) => kind is RuleKind.Dependency or RuleKind.Reference or RuleKind.Spelling or RuleKind.Similar;
}

/// <summary>One rule on a stream's records. Arguments are by kind: type (name), format (name), min, max, values, pattern, expression, maxAge.</summary>
/// <param name="Name">Unique within its stream; made from kind and field where the author gives none.</param>
/// <param name="Field">A top-level field or a dotted path; for CrossField the field that is blamed.</param>
public sealed record RuleDefinition(string Name, RuleKind Kind, string Field, RuleLevel Level, IReadOnlyDictionary<string, string> Arguments, IReadOnlyList<string> Values, int Line = 0);

/// <summary>When a whole batch, or a whole run, is held or failed.</summary>
public sealed record GateDefinition
{
    /// <summary>A batch whose mean of the five scores is under this is quarantined whole. Range 0 to 1.</summary>
    public double MinimumScore { get; init; } = 0.95;

    /// <summary>Floors for single checks ("completeness": 0.9), each 0 to 1.</summary>
    public IReadOnlyDictionary<string, double> Floors { get; init; } = new Dictionary<string, double>();

    /// <summary>A run that reads nothing at all fails.</summary>
    public bool FailWhenEmpty { get; init; } = true;

    /// <summary>A full read that finds less than this share of the median of the last five full reads fails, and deletes nothing. Range 0 to 1; 0 switches it off.</summary>
    public double MinimumShareOfUsual { get; init; } = 0.5;
}
