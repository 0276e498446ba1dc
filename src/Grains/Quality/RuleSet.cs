using Sophia.Pipelines;

namespace Sophia.Quality;

/// <summary>A stream's rules, compiled: what to find in a record, and what to ask of it. It holds no state and may be shared.</summary>
internal sealed class RuleSet
{
    private readonly List<CellRule> cells = [];
    private readonly List<(RuleDefinition Rule, int Field)> required = [];
    private readonly List<(RuleDefinition Rule, int Field)> unique = [];
    private readonly List<CrossRule> crosses = [];

    private RuleSet() { }

    public static readonly RuleSet Empty = new();

    public FieldMap Fields { get; } = new();

    public IReadOnlyList<CellRule> Cells => cells;

    public IReadOnlyList<(RuleDefinition Rule, int Field)> Required => required;

    public IReadOnlyList<(RuleDefinition Rule, int Field)> Unique => unique;

    public IReadOnlyList<CrossRule> Crosses => crosses;

    /// <summary>How many different fields are required.</summary>
    public int RequiredFields { get; private set; }

    public bool IsEmpty => Fields.Names.Count == 0;

    /// <exception cref="RuleException">A rule cannot be used; see <see cref="ErrorOf"/> to ask beforehand.</exception>
    public static RuleSet Compile(StreamDefinition stream)
    {
        if (stream.Rules.Count == 0)
            return Empty;
        var set = new RuleSet();
        foreach (var rule in stream.Rules)
            if (!rule.Kind.IsOverStream())
                set.Add(rule, stream.HeaderOf);
        set.RequiredFields = set.required.Select(r => r.Field).Distinct().Count();
        return set;
    }

    /// <summary>What is wrong with a rule, in words for its author; null where nothing is.</summary>
    public static string? ErrorOf(RuleDefinition rule)
    {
        try
        {
            if (!rule.Kind.IsOverStream())
                new RuleSet().Add(rule, static field => field);
            return null;
        }
        catch (RuleException wrong)
        {
            return wrong.Message;
        }
    }

    private void Add(RuleDefinition rule, Func<string, string> headerOf)
    {
        var field = Fields.NumberOf(headerOf(rule.Field));
        switch (rule.Kind)
        {
            case RuleKind.Required:
                required.Add((rule, field));
                break;
            case RuleKind.Unique:
                unique.Add((rule, field));
                break;
            case RuleKind.CrossField:
                crosses.Add(CrossRule.Compile(rule, field, Fields, headerOf));
                break;
            default:
                cells.Add(CellRule.Compile(rule, field));
                break;
        }
    }
}

/// <summary>A condition over several fields; the blamed one stands in the reason.</summary>
/// <param name="Fields">The numbers, in the rule set's map, of the expression's fields.</param>
internal sealed record CrossRule(RuleDefinition Definition, int Blamed, RuleExpression Expression, IReadOnlyList<int> Fields)
{
    public static CrossRule Compile(RuleDefinition rule, int blamed, FieldMap map, Func<string, string> headerOf)
    {
        try
        {
            var expression = RuleExpression.Parse(rule.Arguments.GetValueOrDefault("expression") ?? "");
            return new CrossRule(rule, blamed, expression, [.. expression.Fields.Select(field => map.NumberOf(headerOf(field)))]);
        }
        catch (RuleExpressionException wrong)
        {
            throw new RuleException(rule, $"expression cannot be read: {wrong.Message}");
        }
    }
}
