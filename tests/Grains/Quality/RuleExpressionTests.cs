using FsCheck;
using FsCheck.Fluent;

namespace Sophia.Quality;

/// <summary>The expression language: what holds, what does not, what stays open; where an author's mistake lies; no text that breaks the parser.</summary>
public sealed class RuleExpressionTests
{
    private const string Record = """
        {"engage":"2024-01-10","close":"2024-03-01","amount":"1500.50","low":9,"high":"10","stage":"Won","gone":null,"flag":true,"two words":"x","nested":{"n":2}}
        """;

    [Theory]
    [InlineData("close >= engage", true)]
    [InlineData("engage > close", false)]
    [InlineData("low < high", true)]
    [InlineData("amount = 1500.5", true)]
    [InlineData("amount * 2 = 3001", true)]
    [InlineData("1 + 2 * 3 = 7 and (1 + 2) * 3 = 9 and -1 < 0 and 7 - 2 - 1 = 4", true)]
    [InlineData("close - engage = 51", true)]
    [InlineData("stage = 'Won' or stage = \"Lost\"", true)]
    [InlineData("stage in ('Won', 'Lost')", true)]
    [InlineData("stage not in ('Open')", true)]
    [InlineData("lower(stage) == 'won' && len(stage) = 3", true)]
    [InlineData("not flag", false)]
    [InlineData("flag", true)]
    [InlineData("gone is null and stage is not null", true)]
    [InlineData("absent is null", true)]
    [InlineData("gone > 5", null)]
    [InlineData("gone > 5 or flag", true)]
    [InlineData("gone > 5 and flag", null)]
    [InlineData("gone > 5 and not flag", false)]
    [InlineData("amount / 0 > 1", null)]
    [InlineData("stage > 5", false)]
    [InlineData("stage != 5", true)]
    [InlineData("`two words` = 'x' and nested.n = 2", true)]
    [InlineData("close <= now()", true)]
    [InlineData("79228162514264337593543950335 * 10 > 1", null)]
    [InlineData("'it''s' = \"it's\"", true)]
    public void Conditions_hold_fail_or_stay_open(string expression, bool? expected)
    {
        var reasons = GateUnderTest.Reasons(GateUnderTest.Check(expression), Record);
        Assert.Equal(expected != false, reasons.Count == 0);
        var negated = GateUnderTest.Reasons(GateUnderTest.Check($"not ({expression})"), Record);
        Assert.Equal(expected != true, negated.Count == 0);
    }

    [Theory]
    [InlineData("a >", 4)]
    [InlineData("a = 'x", 5)]
    [InlineData("(a = 1", 7)]
    [InlineData("a = 1 b", 7)]
    [InlineData("system(a)", 1)]
    [InlineData("a is 5", 6)]
    [InlineData("a in 5", 6)]
    [InlineData("", 1)]
    public void A_mistake_is_named_with_its_place(string expression, int position) =>
        Assert.Equal(position, Assert.Throws<RuleExpressionException>(() => RuleExpression.Parse(expression)).Position);

    [Fact]
    public void No_nesting_is_too_deep_for_the_parser()
    {
        foreach (var deep in new[] { new string('(', 3_900), new string('-', 3_900) + "1", string.Concat(Enumerable.Repeat("not ", 900)), string.Concat(Enumerable.Repeat("len(", 900)) })
            Assert.Throws<RuleExpressionException>(() => RuleExpression.Parse(deep));
    }

    [Fact]
    public void Any_text_is_read_or_refused_and_nothing_else()
    {
        var pieces = Gen.Elements("a", "b.c", "1", "2.5", "'x'", "\"y\"", "(", ")", "and", "or", "not", "in", "is", "null", "=", "!=", "<=", "+", "-", "*", "/", ",", "len(", "now()", "`z z`", "§", " ");
        Prop.ForAll(pieces.ListOf().ToArbitrary(), parts =>
        {
            try
            {
                var expression = RuleExpression.Parse(string.Join(' ', parts));
                expression.Holds(new ExpressionValue[expression.Fields.Count], GateUnderTest.Now);
            }
            catch (RuleExpressionException)
            {
            }
        }).QuickCheckThrowOnFailure();
    }
}
