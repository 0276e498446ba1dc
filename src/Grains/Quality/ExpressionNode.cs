namespace Sophia.Quality;

/// <summary>A part of an expression.</summary>
internal abstract record ExpressionNode
{
    private ExpressionNode() { }

    public abstract ExpressionValue Evaluate(ReadOnlySpan<ExpressionValue> fields, DateTimeOffset now);

    public sealed record Constant(ExpressionValue Value) : ExpressionNode
    {
        public override ExpressionValue Evaluate(ReadOnlySpan<ExpressionValue> fields, DateTimeOffset now) => Value;
    }

    public sealed record Field(int Number) : ExpressionNode
    {
        public override ExpressionValue Evaluate(ReadOnlySpan<ExpressionValue> fields, DateTimeOffset now) => fields[Number];
    }

    public sealed record Now : ExpressionNode
    {
        public override ExpressionValue Evaluate(ReadOnlySpan<ExpressionValue> fields, DateTimeOffset now) => new(ValueKind.Moment, Moment: now);
    }

    public sealed record And(ExpressionNode Left, ExpressionNode Right) : ExpressionNode
    {
        public override ExpressionValue Evaluate(ReadOnlySpan<ExpressionValue> fields, DateTimeOffset now) =>
            ExpressionValue.Of(Left.Evaluate(fields, now).Truth & Right.Evaluate(fields, now).Truth);
    }

    public sealed record Or(ExpressionNode Left, ExpressionNode Right) : ExpressionNode
    {
        public override ExpressionValue Evaluate(ReadOnlySpan<ExpressionValue> fields, DateTimeOffset now) =>
            ExpressionValue.Of(Left.Evaluate(fields, now).Truth | Right.Evaluate(fields, now).Truth);
    }

    public sealed record Not(ExpressionNode Inner) : ExpressionNode
    {
        public override ExpressionValue Evaluate(ReadOnlySpan<ExpressionValue> fields, DateTimeOffset now) => ExpressionValue.Of(!Inner.Evaluate(fields, now).Truth);
    }

    public sealed record IsNull(ExpressionNode Inner) : ExpressionNode
    {
        public override ExpressionValue Evaluate(ReadOnlySpan<ExpressionValue> fields, DateTimeOffset now) =>
            ExpressionValue.Of(Inner.Evaluate(fields, now).Kind == ValueKind.Unknown);
    }

    public sealed record Comparison(string Sign, ExpressionNode Left, ExpressionNode Right) : ExpressionNode
    {
        public override ExpressionValue Evaluate(ReadOnlySpan<ExpressionValue> fields, DateTimeOffset now)
        {
            if (ExpressionValue.Compare(Left.Evaluate(fields, now), Right.Evaluate(fields, now), out var comparable) is not { } order)
                return default;
            return ExpressionValue.Of(Sign switch
            {
                "=" => comparable && order == 0,
                "!=" => !comparable || order != 0,
                "<" => comparable && order < 0,
                "<=" => comparable && order <= 0,
                ">" => comparable && order > 0,
                _ => comparable && order >= 0,
            });
        }
    }

    public sealed record In(ExpressionNode Value, IReadOnlyList<ExpressionNode> Choices) : ExpressionNode
    {
        public override ExpressionValue Evaluate(ReadOnlySpan<ExpressionValue> fields, DateTimeOffset now)
        {
            var value = Value.Evaluate(fields, now);
            if (value.Kind == ValueKind.Unknown)
                return default;
            var open = false;
            foreach (var choice in Choices)
            {
                var order = ExpressionValue.Compare(value, choice.Evaluate(fields, now), out var comparable);
                if (order == 0 && comparable)
                    return ExpressionValue.Of(true);
                open |= order is null;
            }
            return ExpressionValue.Of(open ? null : false);
        }
    }

    public sealed record Arithmetic(char Sign, ExpressionNode Left, ExpressionNode Right) : ExpressionNode
    {
        public override ExpressionValue Evaluate(ReadOnlySpan<ExpressionValue> fields, DateTimeOffset now)
        {
            var (left, right) = (Left.Evaluate(fields, now), Right.Evaluate(fields, now));
            try
            {
                if (left.TryNumber(out var a) && right.TryNumber(out var b))
                    return Sign == '/' && b == 0 ? default : new ExpressionValue(ValueKind.Number, Sign switch { '+' => a + b, '-' => a - b, '*' => a * b, _ => a / b });
            }
            catch (OverflowException)
            {
                return default;
            }
            return Sign == '-' && left.TryMoment(out var later) && right.TryMoment(out var earlier)
                ? new ExpressionValue(ValueKind.Number, (decimal)(later - earlier).TotalDays) : default;
        }
    }

    public sealed record Call(ExpressionFunction Function, IReadOnlyList<ExpressionNode> Arguments) : ExpressionNode
    {
        public override ExpressionValue Evaluate(ReadOnlySpan<ExpressionValue> fields, DateTimeOffset now)
        {
            var values = new ExpressionValue[Arguments.Count];
            for (var i = 0; i < values.Length; i++)
                if ((values[i] = Arguments[i].Evaluate(fields, now)).Kind == ValueKind.Unknown && !Function.TakesMissing)
                    return default;
            return Function.Of(values);
        }
    }
}
