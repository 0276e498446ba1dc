using System.Text.Json;

namespace Sophia.Quality;

/// <summary>Each kind of rule by table: value by value, what passes and what does not, in JSON and as a table's text.</summary>
public sealed class CellRuleTests
{
    [Theory]
    [InlineData("string", "\"x\"", true)]
    [InlineData("string", "1", false)]
    [InlineData("number", "1.5", true)]
    [InlineData("number", "\"1.5\"", true)]
    [InlineData("number", "\"-1e3\"", true)]
    [InlineData("number", "\"1,500\"", false)]
    [InlineData("number", "\"12 EUR\"", false)]
    [InlineData("number", "\"NaN\"", false)]
    [InlineData("number", "true", false)]
    [InlineData("integer", "12", true)]
    [InlineData("integer", "\"12\"", true)]
    [InlineData("integer", "12.0", true)]
    [InlineData("integer", "12.5", false)]
    [InlineData("integer", "99999999999999999999999999", true)]
    [InlineData("boolean", "true", true)]
    [InlineData("boolean", "\"False\"", true)]
    [InlineData("boolean", "\"yes\"", false)]
    [InlineData("boolean", "1", false)]
    [InlineData("date", "\"2024-02-29\"", true)]
    [InlineData("date", "\"2023-02-29\"", false)]
    [InlineData("date", "\"2024-02-29T10:00\"", false)]
    [InlineData("date", "\"29.02.2024\"", false)]
    [InlineData("datetime", "\"2024-02-29T10:00:00Z\"", true)]
    [InlineData("datetime", "\"2024-02-29 10:00:00.123+02:00\"", true)]
    [InlineData("datetime", "\"2024-02-29T25:00:00Z\"", false)]
    [InlineData("datetime", "\"2024-02-29\"", false)]
    [InlineData("object", "{\"b\":[1]}", true)]
    [InlineData("object", "[]", false)]
    [InlineData("array", "[{}]", true)]
    [InlineData("array", "\"[]\"", false)]
    public void A_type_accepts_what_is_written_as_it(string type, string value, bool right) =>
        Assert.Equal(right, GateUnderTest.Reasons(GateUnderTest.Rule(RuleKind.Type, "a", arguments: ("type", type)), $"{{\"a\":{value}}}").Count == 0);

    [Theory]
    [InlineData("email", "ann@example.org", true)]
    [InlineData("email", "ann@example", false)]
    [InlineData("email", "ann@@example.org", false)]
    [InlineData("email", ".ann@example.org", false)]
    [InlineData("email", "ann smith@example.org", false)]
    [InlineData("uri", "https://example.org/a?b=c", true)]
    [InlineData("url", "example.org", false)]
    [InlineData("url", "file:///etc/passwd", false)]
    [InlineData("uuid", "123e4567-e89b-12d3-a456-426614174000", true)]
    [InlineData("uuid", "123e4567e89b12d3a456426614174000", false)]
    [InlineData("date", "2024-13-01", false)]
    [InlineData("datetime", "2024-12-01T00:00:00", true)]
    [InlineData("time", "23:59:59", true)]
    [InlineData("time", "24:00", false)]
    [InlineData("phone", "+49 (30) 123-4567", true)]
    [InlineData("phone", "123", false)]
    [InlineData("phone", "call me maybe", false)]
    [InlineData("ipv4", "192.0.2.255", true)]
    [InlineData("ipv4", "192.0.2.256", false)]
    [InlineData("ipv4", "192.0.02.1", false)]
    [InlineData("ipv6", "2001:db8::1", true)]
    [InlineData("ipv6", "1.2.3.4", false)]
    [InlineData("country", "DE", true)]
    [InlineData("country", "D ", false)]
    [InlineData("country", "XX", false)]
    [InlineData("currency", "EUR", true)]
    [InlineData("currency", "eur", false)]
    public void A_format_is_tested(string format, string value, bool right) =>
        Assert.Equal(right, GateUnderTest.Reasons(GateUnderTest.Rule(RuleKind.Format, "a", arguments: ("format", format)), JsonSerializer.Serialize(new { a = value })).Count == 0);

    [Theory]
    [InlineData("0", "10", "\"10\"", true)]
    [InlineData("0", "10", "10.01", false)]
    [InlineData("0", null, "-0.01", false)]
    [InlineData("0", null, "\"many\"", false)]
    [InlineData(null, "9007199254740993", "9007199254740994", false)]
    [InlineData("2024-01-01", "2024-12-31", "\"2024-12-31\"", true)]
    [InlineData("2024-01-01", null, "\"2023-12-31T23:59:59Z\"", false)]
    [InlineData("2024-01-01", null, "5", false)]
    public void A_range_takes_numbers_or_dates(string? min, string? max, string value, bool right)
    {
        (string, string)[] arguments = [.. new[] { ("min", min), ("max", max) }.Where(a => a.Item2 is not null).Select(a => (a.Item1, a.Item2!))];
        Assert.Equal(right, GateUnderTest.Reasons(GateUnderTest.Rule(RuleKind.Range, "a", arguments: arguments), $"{{\"a\":{value}}}").Count == 0);
    }

    [Theory]
    [InlineData("\"Won\"", true)]
    [InlineData("\"won\"", false)]
    [InlineData("\"W\\u006fn\"", true)]
    [InlineData("1", true)]
    [InlineData("\"1\"", true)]
    [InlineData("[]", false)]
    public void An_enum_compares_text_after_escapes(string value, bool right) =>
        Assert.Equal(right, GateUnderTest.Reasons(GateUnderTest.Rule(RuleKind.Enum, "a", values: ["Won", "Lost", "1"]), $"{{\"a\":{value}}}").Count == 0);

    [Theory]
    [InlineData("^[A-Z]{2}\\d+$", "AB12", true)]
    [InlineData("^[A-Z]{2}\\d+$", "ab12", false)]
    public void A_pattern_is_searched_for(string pattern, string value, bool right) =>
        Assert.Equal(right, GateUnderTest.Reasons(GateUnderTest.Rule(RuleKind.Pattern, "a", arguments: ("pattern", pattern)), JsonSerializer.Serialize(new { a = value })).Count == 0);

    [Fact]
    public void A_pattern_that_must_go_back_is_refused_with_its_definition() =>
        Assert.Throws<RuleException>(() => GateUnderTest.Reasons(GateUnderTest.Rule(RuleKind.Pattern, "a", arguments: ("pattern", "^(?=x)(x+x+)+y$")), $"{{\"a\":\"{new string('x', 60)}\"}}"));

    [Theory]
    [InlineData("30d", "\"2024-05-15\"", true)]
    [InlineData("30d", "\"2024-04-15\"", false)]
    [InlineData("30d", "\"soon\"", false)]
    [InlineData("1h", "\"2024-06-01T11:30:00Z\"", true)]
    public void An_age_counts_from_now(string maxAge, string value, bool right) =>
        Assert.Equal(right, GateUnderTest.Reasons(GateUnderTest.Rule(RuleKind.Age, "a", arguments: ("maxAge", maxAge)), $"{{\"a\":{value}}}").Count == 0);

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"a\":null}")]
    [InlineData("{\"a\":\"\"}")]
    public void A_missing_value_fails_the_required_rule_and_no_other(string payload)
    {
        Assert.Equal("Required:a", Assert.Single(GateUnderTest.Reasons(GateUnderTest.Rule(RuleKind.Required, "a"), payload)).Rule);
        Assert.Empty(GateUnderTest.Reasons(GateUnderTest.Rule(RuleKind.Type, "a", arguments: ("type", "number")), payload));
        Assert.Empty(GateUnderTest.Reasons(GateUnderTest.Check("a > 5"), payload));
    }

    [Theory]
    [InlineData("{\"a\":{\"b\":{\"c\":1}}}", true)]
    [InlineData("{\"a.b.c\":1}", true)]
    [InlineData("{\"a\":{\"b\":1}}", false)]
    [InlineData("{\"a\":[{\"b\":{\"c\":1}}]}", false)]
    [InlineData("{\"\\u0061\":{\"b\":{\"c\":1}}}", true)]
    public void A_dotted_field_is_a_path_or_a_name(string payload, bool there) =>
        Assert.Equal(there, GateUnderTest.Reasons(GateUnderTest.Rule(RuleKind.Required, "a.b.c"), payload).Count == 0);

    [Fact]
    public void A_reason_says_field_rule_value_expectation_and_hint_and_is_short()
    {
        var reason = Assert.Single(GateUnderTest.Reasons(GateUnderTest.Rule(RuleKind.Type, "amount", arguments: ("type", "number")), $"{{\"amount\":\"{new string('9', 500)} EUR\"}}"));
        Assert.Equal(("amount", "Type:amount", "a number"), (reason.Field, reason.Rule, reason.Expected));
        Assert.True(reason.Value!.Length <= Cell.MaxShown);
        Assert.NotNull(reason.Hint);
    }

    [Theory]
    [InlineData(RuleKind.Type, "type", "colour")]
    [InlineData(RuleKind.Format, "format", "shoe size")]
    [InlineData(RuleKind.Range, "min", "2024-01-01x")]
    [InlineData(RuleKind.Pattern, "pattern", "(")]
    [InlineData(RuleKind.Age, "maxAge", "long")]
    [InlineData(RuleKind.CrossField, "expression", "a >")]
    public void A_rule_that_cannot_be_used_is_named(RuleKind kind, string argument, string value) =>
        Assert.Contains($"{kind}:a", RuleSet.ErrorOf(GateUnderTest.Rule(kind, "a", arguments: (argument, value))));
}
