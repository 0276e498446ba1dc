namespace Sophia.Quality;

/// <summary>A condition over a record's fields, such as <c>close_date is null or close_date >= engage_date</c>.</summary>
/// <remarks>
/// Comparisons (= != &lt; &lt;= &gt; &gt;=), and, or, not, + - * /, in (…), is null, is not null, the functions of <see cref="ExpressionFunction"/>, now(), numbers, texts in quotes,
/// field names (in backticks where they have blanks). Texts that are numbers or dates compare as such; a date less a date is a number of days.
/// As in SQL, what a missing value decides is unknown, and an unknown condition holds: whether a field must be there is the required rule's to say.
/// </remarks>
internal sealed class RuleExpression
{
    /// <summary>In UTF-16 units.</summary>
    public const int MaxLength = 4_000;

    private readonly ExpressionNode root;

    private RuleExpression(ExpressionNode root, IReadOnlyList<string> fields) => (this.root, Fields) = (root, fields);

    /// <summary>The fields it speaks of, by their number in <see cref="ExpressionNode.Field"/>.</summary>
    public IReadOnlyList<string> Fields { get; }

    /// <exception cref="RuleExpressionException">What was expected, and at which character.</exception>
    public static RuleExpression Parse(string text)
    {
        if (text.Length > MaxLength)
            throw new RuleExpressionException($"expected at most {MaxLength} characters", MaxLength);
        var parser = new ExpressionParser(text);
        return new RuleExpression(parser.Parse(), parser.Fields);
    }

    /// <summary>True, false, or null where a missing value leaves it open.</summary>
    public bool? Holds(ReadOnlySpan<ExpressionValue> fields, DateTimeOffset now) => root.Evaluate(fields, now).Truth;

    public ExpressionValue Evaluate(ReadOnlySpan<ExpressionValue> fields, DateTimeOffset now) => root.Evaluate(fields, now);

    /// <summary>What it will be, given what is known of its fields.</summary>
    /// <exception cref="RuleExpressionException">Its parts cannot go together.</exception>
    public ExpressionType TypeOf(Func<string, ExpressionType> typeOf) => ExpressionTyping.Of(root, [.. Fields.Select(typeOf)]);
}

/// <summary>An expression that cannot be read. Position is the character, from 1; 0 where it can be read and its parts do not go together.</summary>
internal sealed class RuleExpressionException : Exception
{
    public RuleExpressionException(string expected, int at) : base($"{expected} at character {at + 1}") => Position = at + 1;

    public RuleExpressionException(string expected) : base(expected) { }

    public int Position { get; }
}
