using System.Globalization;

namespace Sophia.Quality;

/// <summary>Reads an expression by recursive descent, at most <see cref="MaxDepth"/> deep.</summary>
internal sealed class ExpressionParser(string text)
{
    public const int MaxDepth = 64;

    private readonly List<string> fields = [];
    private int at;
    private int depth;

    public IReadOnlyList<string> Fields => fields;

    public ExpressionNode Parse()
    {
        var node = Or();
        Blanks();
        return at == text.Length ? node : throw Expected("expected \"and\", \"or\" or the end");
    }

    private ExpressionNode Or()
    {
        var left = And();
        while (Word("or") || Sign("||"))
            left = new ExpressionNode.Or(left, And());
        return left;
    }

    private ExpressionNode And()
    {
        var left = Not();
        while (Word("and") || Sign("&&"))
            left = new ExpressionNode.And(left, Not());
        return left;
    }

    private ExpressionNode Not()
    {
        if (!Word("not"))
            return Comparison();
        Deeper();
        var inner = Not();
        depth--;
        return new ExpressionNode.Not(inner);
    }

    private ExpressionNode Comparison()
    {
        var left = Sum();
        foreach (var (sign, meaning) in (ReadOnlySpan<(string, string)>)[("==", "="), ("=", "="), ("!=", "!="), ("<>", "!="), ("<=", "<="), (">=", ">="), ("<", "<"), (">", ">")])
            if (Sign(sign))
                return new ExpressionNode.Comparison(meaning, left, Sum());
        if (Word("is"))
        {
            var negated = Word("not");
            if (!Word("null"))
                throw Expected("expected null");
            return negated ? new ExpressionNode.Not(new ExpressionNode.IsNull(left)) : new ExpressionNode.IsNull(left);
        }
        var before = at;
        var without = Word("not");
        if (Word("in"))
            return without ? new ExpressionNode.Not(In(left)) : In(left);
        at = before;
        return left;
    }

    private ExpressionNode.In In(ExpressionNode value)
    {
        if (!Sign("("))
            throw Expected("expected ( after in");
        var choices = new List<ExpressionNode>();
        do
            choices.Add(Sum());
        while (Sign(","));
        return Sign(")") ? new ExpressionNode.In(value, choices) : throw Expected("expected , or )");
    }

    private ExpressionNode Sum()
    {
        var left = Product();
        while (true)
            if (Sign("+"))
                left = new ExpressionNode.Arithmetic('+', left, Product());
            else if (Sign("-"))
                left = new ExpressionNode.Arithmetic('-', left, Product());
            else
                return left;
    }

    private ExpressionNode Product()
    {
        var left = Unary();
        while (true)
            if (Sign("*"))
                left = new ExpressionNode.Arithmetic('*', left, Unary());
            else if (Sign("/"))
                left = new ExpressionNode.Arithmetic('/', left, Unary());
            else
                return left;
    }

    private ExpressionNode Unary()
    {
        if (!Sign("-"))
            return Primary();
        Deeper();
        var inner = Unary();
        depth--;
        return new ExpressionNode.Arithmetic('-', new ExpressionNode.Constant(new ExpressionValue(ValueKind.Number)), inner);
    }

    private ExpressionNode Primary()
    {
        if (Sign("("))
        {
            Deeper();
            var inner = Or();
            depth--;
            return Sign(")") ? inner : throw Expected("expected )");
        }
        Blanks();
        if (at == text.Length)
            throw Expected("expected a field, a number or a text");
        var c = text[at];
        if (c is '\'' or '"')
            return new ExpressionNode.Constant(new ExpressionValue(ValueKind.Text, Text: Quoted(c)));
        if (c == '`')
            return Field(Quoted(c));
        if (char.IsAsciiDigit(c) || c == '.')
            return Number();
        return char.IsLetter(c) || c == '_' ? Name() : throw Expected("expected a field, a number or a text");
    }

    private ExpressionNode Number()
    {
        var start = at;
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.'))
            at++;
        return decimal.TryParse(text.AsSpan(start, at - start), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? new ExpressionNode.Constant(new ExpressionValue(ValueKind.Number, number)) : throw new RuleExpressionException("expected a number", start);
    }

    private ExpressionNode Name()
    {
        var start = at;
        while (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] is '_' or '.'))
            at++;
        var name = text[start..at];
        if (Sign("("))
            return Call(name.ToLowerInvariant(), start);
        return name.ToLowerInvariant() switch
        {
            "true" or "false" => new ExpressionNode.Constant(ExpressionValue.Of(name.Equals("true", StringComparison.OrdinalIgnoreCase))),
            "null" => new ExpressionNode.Constant(default),
            "and" or "or" or "not" or "in" or "is" => throw new RuleExpressionException("expected a field, a number or a text", start),
            _ => Field(name),
        };
    }

    private ExpressionNode Call(string name, int start)
    {
        if (name is "now" or "today" && Sign(")"))
            return new ExpressionNode.Now();
        if (!ExpressionFunction.All.TryGetValue(name, out var function))
            throw new RuleExpressionException($"expected one of {string.Join(", ", ExpressionFunction.All.Keys.Order(StringComparer.Ordinal))} or now()", start);
        Deeper();
        var arguments = new List<ExpressionNode>();
        do
            arguments.Add(Or());
        while (Sign(","));
        depth--;
        if (!Sign(")"))
            throw Expected("expected , or )");
        return function.Takes(arguments.Count) ? new ExpressionNode.Call(function, arguments)
            : throw new RuleExpressionException($"expected {(function.Optional > 0 ? $"{function.Parameters.Length - function.Optional} to {function.Parameters.Length}" : function.Repeats ? "at least one" : function.Parameters.Length)} in {name}(…), found {arguments.Count}", start);
    }

    private ExpressionNode.Field Field(string name)
    {
        if (!fields.Contains(name))
            fields.Add(name);
        return new ExpressionNode.Field(fields.IndexOf(name));
    }

    private string Quoted(char quote)
    {
        var start = at++;
        var value = new System.Text.StringBuilder();
        for (; at < text.Length; at++)
            if (text[at] != quote)
                value.Append(text[at]);
            else if (at + 1 < text.Length && text[at + 1] == quote)
                value.Append(text[at++]);
            else
            {
                at++;
                return value.ToString();
            }
        throw new RuleExpressionException($"expected a closing {quote}", start);
    }

    private bool Sign(string sign)
    {
        Blanks();
        if (string.CompareOrdinal(text, at, sign, 0, sign.Length) != 0)
            return false;
        at += sign.Length;
        return true;
    }

    private bool Word(string word)
    {
        Blanks();
        var end = at + word.Length;
        if (end > text.Length || string.Compare(text, at, word, 0, word.Length, StringComparison.OrdinalIgnoreCase) != 0
            || (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] is '_' or '.')))
            return false;
        at = end;
        return true;
    }

    private void Blanks()
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
            at++;
    }

    private void Deeper()
    {
        if (++depth > MaxDepth)
            throw Expected($"expected at most {MaxDepth} levels of brackets");
    }

    private RuleExpressionException Expected(string what) => new(what, at);
}
