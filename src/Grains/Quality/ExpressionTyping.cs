namespace Sophia.Quality;

/// <summary>Works out what an expression is before it is ever asked, and refuses one whose parts cannot go together.</summary>
/// <remarks>A field of which nothing is known may be anything. What is known (a cast field, a text in quotes, a function's answer) is held to.</remarks>
internal static class ExpressionTyping
{
    /// <param name="fields">The type of each field that the expression names, in its own order.</param>
    /// <exception cref="RuleExpressionException">Two parts do not go together; no character is named, for the tree knows none.</exception>
    public static ExpressionType Of(ExpressionNode node, IReadOnlyList<ExpressionType> fields)
    {
        switch (node)
        {
            case ExpressionNode.Constant constant:
                return constant.Value.Kind switch
                {
                    ValueKind.Number => ExpressionType.Number,
                    ValueKind.Text => ExpressionType.Text,
                    ValueKind.Truth => ExpressionType.Boolean,
                    ValueKind.Moment => ExpressionType.Moment,
                    _ => ExpressionType.Any,
                };
            case ExpressionNode.Field field:
                return fields[field.Number];
            case ExpressionNode.Now:
                return ExpressionType.Moment;
            case ExpressionNode.And(var left, var right):
                return Both(left, right, "and", fields);
            case ExpressionNode.Or(var left, var right):
                return Both(left, right, "or", fields);
            case ExpressionNode.Not(var inner):
                Expect(inner, ExpressionType.Boolean, "not", fields);
                return ExpressionType.Boolean;
            case ExpressionNode.IsNull(var inner):
                Of(inner, fields);
                return ExpressionType.Boolean;
            case ExpressionNode.Comparison comparison:
                Comparable(Of(comparison.Left, fields), comparison.Right, comparison.Sign, fields);
                return ExpressionType.Boolean;
            case ExpressionNode.In choice:
                var value = Of(choice.Value, fields);
                foreach (var one in choice.Choices)
                    Comparable(value, one, "in", fields);
                return ExpressionType.Boolean;
            case ExpressionNode.Arithmetic arithmetic:
                return Arithmetic(arithmetic, fields);
            case ExpressionNode.Call call:
                return Call(call, fields);
            default:
                return ExpressionType.Any;
        }
    }

    public static string Word(ExpressionType type) => type switch
    {
        ExpressionType.Text => "a text",
        ExpressionType.Number => "a number",
        ExpressionType.Boolean => "true or false",
        ExpressionType.Moment => "a date",
        _ => "anything",
    };

    private static ExpressionType Both(ExpressionNode left, ExpressionNode right, string word, IReadOnlyList<ExpressionType> fields)
    {
        Expect(left, ExpressionType.Boolean, word, fields);
        Expect(right, ExpressionType.Boolean, word, fields);
        return ExpressionType.Boolean;
    }

    private static ExpressionType Arithmetic(ExpressionNode.Arithmetic node, IReadOnlyList<ExpressionType> fields)
    {
        var (left, right) = (Of(node.Left, fields), Of(node.Right, fields));
        if (node.Sign == '-' && (left == ExpressionType.Moment || right == ExpressionType.Moment))
        {
            if (left is not (ExpressionType.Moment or ExpressionType.Any or ExpressionType.Text) || right is not (ExpressionType.Moment or ExpressionType.Any or ExpressionType.Text))
                throw Wrong("a date beside a date", "-", left == ExpressionType.Moment ? right : left);
            return ExpressionType.Number;
        }
        foreach (var type in new[] { left, right })
            if (type is not (ExpressionType.Number or ExpressionType.Any))
                throw Wrong(type == ExpressionType.Moment ? "a number (adddays moves a date)" : type == ExpressionType.Text ? "a number (number(…) makes one of a text)" : "a number", $"{node.Sign}", type);
        return ExpressionType.Number;
    }

    private static ExpressionType Call(ExpressionNode.Call call, IReadOnlyList<ExpressionType> fields)
    {
        for (var i = 0; i < call.Arguments.Count; i++)
            Expect(call.Arguments[i], call.Function.ParameterOf(i), call.Function.Name, fields);
        if (call.Function.Name is not ("if" or "coalesce"))
            return call.Function.Result;
        var types = call.Arguments.Skip(call.Function.Name == "if" ? 1 : 0).Where(argument => argument is not ExpressionNode.Constant { Value.Kind: ValueKind.Unknown })
            .Select(argument => Of(argument, fields)).Distinct().ToArray();
        return types is [var one] ? one : types.Contains(ExpressionType.Any) || types.Length == 0 ? ExpressionType.Any
            : throw new RuleExpressionException($"expected one type in {call.Function.Name}(…), found {string.Join(" and ", types.Select(Word))}");
    }

    private static void Comparable(ExpressionType left, ExpressionNode other, string sign, IReadOnlyList<ExpressionType> fields)
    {
        var right = Of(other, fields);
        if (left == right || left == ExpressionType.Any || right == ExpressionType.Any || (left, right) is (ExpressionType.Moment, ExpressionType.Text) or (ExpressionType.Text, ExpressionType.Moment))
            return;
        throw new RuleExpressionException($"expected one type on both sides of {sign}, found {Word(left)} and {Word(right)}");
    }

    private static void Expect(ExpressionNode node, ExpressionType expected, string where, IReadOnlyList<ExpressionType> fields)
    {
        var found = Of(node, fields);
        if (expected != ExpressionType.Any && found != ExpressionType.Any && found != expected && !(expected == ExpressionType.Moment && node is ExpressionNode.Constant { Value.Kind: ValueKind.Text }))
            throw Wrong(Word(expected), where, found);
    }

    private static RuleExpressionException Wrong(string expected, string where, ExpressionType found) => new($"expected {expected} in {where}, found {Word(found)}");
}
