using System.Text;
using System.Text.Json.Nodes;

namespace Sophia.Pipelines;

/// <summary>What each transform does with a record, and with one that it cannot be done on.</summary>
public sealed class TransformTests
{
    [Theory]
    [InlineData("select: [b, a]", """{"a":1,"b":"x","c":null}""", """{"b":"x","a":1}""")]
    [InlineData("select: missing", """{"a":1}""", "{}")]
    [InlineData("rename: {a: b, b: a}", """{"a":1,"b":2}""", """{"b":1,"a":2}""")]
    [InlineData("rename: {Größe: size}", """{"Gr\u00f6\u00dfe":"\u00fc\n"}""", """{"size":"\u00fc\n"}""")]
    [InlineData("rename: {a: b}", """{"a":1,"b":2}""", """{"a":1,"b":2} !rename:a=""")]
    [InlineData("flatten: _", """{"a":{"b":{"c":1},"d":[{"e":2}],"f":{}},"g":2}""", """{"a_b_c":1,"a_d":[{"e":2}],"a_f":{},"g":2}""")]
    [InlineData("flatten: {separator: ., depth: 1}", """{"a":{"b":{"c":1}}}""", """{"a.b":{"c":1}}""")]
    [InlineData("flatten: {fields: x}", """{"a":{"b":1},"x":{"y":1}}""", """{"a":{"b":1},"x.y":1}""")]
    [InlineData("flatten: _", """{"a":{"b":1},"a_b":2}""", """{"a":{"b":1},"a_b":2} !flatten=""")]
    [InlineData("cast: {a: number, b: integer, c: boolean, d: text}", """{"a":"12.50","b":"42.0","c":"Yes","d":7}""", """{"a":12.50,"b":42,"c":true,"d":"7"}""")]
    [InlineData("cast: {a: number}", """{"a":123456789012345678901234567890.5}""", """{"a":123456789012345678901234567890.5}""")]
    [InlineData("cast: {a: number}", """{"a":" +5 "}""", """{"a":5}""")]
    [InlineData("cast: {a: number}", """{"a":"","b":1}""", """{"a":null,"b":1}""")]
    [InlineData("cast: {a: number}", """{"a":"NaN"}""", """{"a":"NaN"} !cast:a=NaN""")]
    [InlineData("cast: {a: number}", """{"a":"1,500"}""", """{"a":"1,500"} !cast:a=1,500""")]
    [InlineData("cast: {a: integer}", """{"a":"1.5"}""", """{"a":"1.5"} !cast:a=1.5""")]
    [InlineData("cast: {a: integer}", """{"a":true}""", """{"a":true} !cast:a=true""")]
    [InlineData("cast: {a: text}", """{"a":{"b":1}}""", """{"a":{"b":1}} !cast:a={"b":1}""")]
    [InlineData("cast: {a: {type: number, onFailure: null}}", """{"a":"x"}""", """{"a":null}""")]
    [InlineData("cast: {a: date}", """{"a":"2024-02-29"}""", """{"a":"2024-02-29"}""")]
    [InlineData("cast: {a: date}", """{"a":"2023-02-29"}""", """{"a":"2023-02-29"} !cast:a=2023-02-29""")]
    [InlineData("cast: {a: {type: date, format: dd.MM.yyyy}}", """{"a":"31.01.2024"}""", """{"a":"2024-01-31"}""")]
    [InlineData("cast: {a: {type: date, format: yyyyMMdd}}", """{"a":20240131}""", """{"a":"2024-01-31"}""")]
    [InlineData("cast: {a: {type: datetime, format: \"dd.MM.yyyy HH:mm zzz\"}}", """{"a":"31.01.2024 13:45 +02:00"}""", """{"a":"2024-01-31T11:45:00Z"}""")]
    [InlineData("cast: {a: datetime}", """{"a":"2024-01-31 13:45"}""", """{"a":"2024-01-31T13:45:00Z"}""")]
    [InlineData("cast: {a: {type: time, format: \"h:mm tt\"}}", """{"a":"1:45 PM"}""", """{"a":"13:45:00"}""")]
    [InlineData("derive: {total: \"round(price * quantity, 1)\"}", """{"price":"2.26","quantity":3}""", """{"price":"2.26","quantity":3,"total":6.8}""")]
    [InlineData("derive: {name: \"concat(upper(substr(a, 1, 1)), substr(a, 2))\"}", """{"a":"ada"}""", """{"a":"ada","name":"Ada"}""")]
    [InlineData("derive: {a: \"coalesce(a, b.c, 'none')\"}", """{"a":"","b":{"c":"deep"}}""", """{"a":"deep","b":{"c":"deep"}}""")]
    [InlineData("derive: {y: year(d), next: \"adddays(d, 1)\", days: \"d - date('2024-01-01')\"}", """{"d":"2024-02-28"}""", """{"d":"2024-02-28","y":2024,"next":"2024-02-29","days":58}""")]
    [InlineData("derive: {x: a / b}", """{"a":1,"b":0}""", """{"a":1,"b":0,"x":null}""")]
    [InlineData("derive: {kind: \"if(amount >= 100, 'large', 'small')\"}", """{"amount":99.5}""", """{"amount":99.5,"kind":"small"}""")]
    [InlineData("mask: {a: redact, b: {keepLast: 4}, c: {keepLast: 4}}", """{"a":7,"b":"0123456789","c":"1234"}""", """{"a":"***","b":"***6789","c":"***"}""")]
    public void A_step_does_what_it_says(string step, string before, string after) =>
        Assert.Equal(after.Replace("\\u00fc", "ü", StringComparison.Ordinal), TransformsUnderTest.One(before, step).Replace("\\u00fc", "ü", StringComparison.Ordinal));

    [Fact]
    public void A_hash_is_the_tenants_own_and_equal_values_stay_equal()
    {
        var one = TransformsUnderTest.One("""{"a":"x@y.z","b":"x@y.z"}""", "mask: {a: hash, b: hash}");
        var fields = JsonNode.Parse(one)!.AsObject();
        Assert.Equal((string?)fields["a"], (string?)fields["b"]);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.HMACSHA256.HashData(TransformsUnderTest.Key, "x@y.z"u8)), (string?)fields["a"]);
    }

    [Fact]
    public void A_filter_lets_pass_what_is_true_and_counts_the_rest()
    {
        var stated = TransformsUnderTest.Stated("filter: status != 'test'");
        Assert.Equal((1, 0L), (TransformsUnderTest.Do(stated, """{"status":"real"}""").Made.Length, TransformsUnderTest.Do(stated, """{"status":"real"}""").Counts.Filtered));
        Assert.Equal((0, 1L), (TransformsUnderTest.Do(stated, """{"status":"test"}""").Made.Length, TransformsUnderTest.Do(stated, """{"status":"test"}""").Counts.Filtered));
        Assert.Equal(1, TransformsUnderTest.Do(stated, "{}").Counts.Filtered);
    }

    [Fact]
    public void A_split_makes_one_record_of_each_item_with_its_part_of_the_key()
    {
        const string Order = """{"id":7,"lines":[{"sku":"a","n":1},{"sku":"b","n":2}]}""";
        Assert.Equal(["""{"id":7,"lines":{"sku":"a","n":1}} /1""", """{"id":7,"lines":{"sku":"b","n":2}} /2"""], TransformsUnderTest.Do(Order, "split: lines").Made);
        Assert.Equal(["""{"id":7,"lines_sku":"a","lines_n":1,"line":1} /a""", """{"id":7,"lines_sku":"b","lines_n":2,"line":2} /b"""],
            TransformsUnderTest.Do(Order, "split: {field: lines, key: sku, number: line}", "flatten: _").Made);
        Assert.Equal(new TransformCounts(1, 1, 1, 0, 0), TransformsUnderTest.Do(Order, "split: lines", "filter: lines.n > 1").Counts);
        Assert.Equal(new TransformCounts(1, 0, 1, 0, 0), TransformsUnderTest.Do("""{"id":7,"lines":[]}""", "split: lines").Counts);
        Assert.Equal("""{"id":7,"lines":"x"} !split:lines=x""", TransformsUnderTest.One("""{"id":7,"lines":"x"}""", "split: lines"));
        Assert.Equal("""{"lines":[{"sku":"a"},{"n":2}]} !split:lines={"n":2}""", TransformsUnderTest.One("""{"lines":[{"sku":"a"},{"n":2}]}""", "split: {field: lines, key: sku}"));
    }

    [Fact]
    public void A_split_is_bounded()
    {
        var many = $$"""{"lines":[{{string.Join(',', Enumerable.Repeat("1", Splitter.MaxItems + 1))}}]}""";
        Assert.EndsWith("!split:lines=1001 items", TransformsUnderTest.One(many, "split: lines"));
        var wide = $$"""{"text":"{{new string('x', 10_000)}}","lines":[{{string.Join(',', Enumerable.Repeat("1", 900))}}]}""";
        Assert.EndsWith("!split:lines=900 items", TransformsUnderTest.One(wide, "split: lines"));
    }

    [Fact]
    public void Each_piece_of_a_split_becomes_the_same_record_again_from_its_own_source()
    {
        var stated = TransformsUnderTest.Stated("split: {field: lines, number: line}", "flatten: _", "cast: {lines_n: integer}");
        var first = new List<TransformedRecord>();
        StreamTransforms.Of(stated, static () => [])!.Do("""{"id":7,"lines":[{"n":"1"},{"n":"2"},{"n":"3"}]}"""u8.ToArray(), 0, 3, TransformsUnderTest.Now, first.Add);
        foreach (var piece in first)
        {
            var again = new List<TransformedRecord>();
            StreamTransforms.Of(stated, static () => [])!.Do(piece.Source!.Payload, piece.Source.Item, 3, TransformsUnderTest.Now, again.Add);
            var same = Assert.Single(again);
            Assert.Equal((Encoding.UTF8.GetString(piece.Payload.Span), piece.KeyPart), (Encoding.UTF8.GetString(same.Payload.Span), same.KeyPart));
        }
    }

    [Fact]
    public void What_a_mask_hides_lies_in_no_source_and_in_no_reason()
    {
        var made = new List<TransformedRecord>();
        StreamTransforms.Of(TransformsUnderTest.Stated("cast: {n: number}", "mask: {a: redact}"), static () => [])!
            .Do("""{"a":"secret","n":"hidden"}"""u8.ToArray(), 0, 3, TransformsUnderTest.Now, made.Add);
        Assert.True(made[0].Source!.Payload.IsEmpty);
        Assert.Null(Assert.Single(made[0].Faults ?? []).Value);
    }

    [Fact]
    public void What_is_no_object_is_held_back_as_it_came()
    {
        Assert.Equal("[1] !json=", TransformsUnderTest.One("[1]", "select: a"));
        Assert.Equal("{\"a\": !json=", TransformsUnderTest.One("{\"a\":", "select: a"));
    }
}
