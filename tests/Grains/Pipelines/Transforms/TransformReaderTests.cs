namespace Sophia.Pipelines;

/// <summary>What is said about transforms that cannot be: before any record was seen, with line, place and expectation.</summary>
public sealed class TransformReaderTests
{
    [Theory]
    [InlineData("p.yaml:7: streams.s.transforms[0]: unknown key \"casts\"; did you mean \"cast\"?", "casts: {a: number}")]
    [InlineData("p.yaml:7: streams.s.transforms[0]: expected one of cast, derive, filter, flatten, mask, rename, select, split, found cast and filter", "{cast: {a: number}, filter: a > 1}")]
    [InlineData("p.yaml:7: streams.s.transforms[0].cast.a: expected one of boolean, date, datetime, integer, number, text, time, found \"float\"", "cast: {a: float}")]
    [InlineData("p.yaml:7: streams.s.transforms[0].cast.a.onFailure: expected quarantine or null, found \"drop\"", "cast: {a: {type: number, onFailure: drop}}")]
    [InlineData("p.yaml:7: streams.s.transforms[0].cast.a.format: expected only beside date, datetime and time, found it beside number", "cast: {a: {type: number, format: yyyy}}")]
    [InlineData("p.yaml:7: streams.s.transforms[0].cast.a.format: expected a format such as dd.MM.yyyy or yyyy-MM-dd HH:mm:ss, found \"DD.MM.YYYY\"", "cast: {a: {type: date, format: DD.MM.YYYY}}")]
    [InlineData("p.yaml:7: streams.s.transforms[0].rename.b: expected each new name once, found \"c\" again", "rename: {a: c, b: c}")]
    [InlineData("p.yaml:7: streams.s.transforms[0].mask.a: expected hash, redact or {keepLast: 4}, found \"blank\"", "mask: {a: blank}")]
    [InlineData("p.yaml:7: streams.s.transforms[0].derive.x: expected a closing ' at character 7", "derive: {x: \"upper('a)\"}")]
    [InlineData("p.yaml:7: streams.s.transforms[0].derive.x: expected 2 to 3 in substr(…), found 1 at character 1", "derive: {x: substr(a)}")]
    [InlineData("p.yaml:7: streams.s.transforms[0].filter: expected a condition that is true or false, found a number", "filter: \"1 + a\"")]
    [InlineData("p.yaml:8: streams.s.transforms[1].derive.x: expected a text in upper, found a number", "cast: {a: number}", "derive: {x: upper(a)}")]
    [InlineData("p.yaml:8: streams.s.transforms[1].derive.x: expected a date in year, found a number", "cast: {a: number}", "derive: {x: year(a)}")]
    [InlineData("p.yaml:8: streams.s.transforms[1].filter: expected one type on both sides of >, found a number and a text", "cast: {a: number}", "filter: a > 'x'")]
    [InlineData("p.yaml:9: streams.s.transforms[2].derive.x: expected a number (number(…) makes one of a text) in *, found a text", "mask: {a: redact}", "rename: {a: b}", "derive: {x: b * 2}")]
    [InlineData("p.yaml:7: streams.s.transforms[0].derive.x: expected one type in if(…), found a number and a text", "derive: {x: \"if(a, 1, 'one')\"}")]
    [InlineData("p.yaml:8: streams.s.transforms[1].split: expected once, and before every transform but filters: the records that come of it are transformed one by one", "select: [a]", "split: a")]
    public void A_transform_that_cannot_be_is_refused_with_its_place(string expected, params string[] steps)
    {
        Assert.Contains(expected, TransformsUnderTest.Read(steps).Errors);
    }

    [Fact]
    public void Steps_keep_their_order()
    {
        Assert.Equal("Filter Split Flatten Rename Cast Derive Mask Select", string.Join(' ', TransformsUnderTest.Stated(
            "filter: a = 1", "split: b", "flatten: _", "rename: {a: c}", "cast: {c: number}", "derive: {d: c + 1}", "mask: {e: hash}", "select: [c, d, e]").Transforms.Select(step => step.Kind)));
    }
}
