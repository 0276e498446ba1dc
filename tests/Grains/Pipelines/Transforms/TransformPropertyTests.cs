using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sophia.Pipelines;

/// <summary>What holds of transforms for every record: drawn from a seed that a failure names.</summary>
public sealed class TransformPropertyTests
{
    private static readonly string[] Names = ["a", "b", "c", "d", "e", "ä", "f.g", "x y"];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 200)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Renaming_there_and_back_changes_nothing(int seed)
    {
        var random = new Random(seed);
        var record = Record(random);
        var names = Names.OrderBy(_ => random.Next()).ToArray();
        var to = names.Zip(names.Skip(1).Append(names[0])).ToDictionary(pair => pair.First, pair => pair.Second);
        var there = TransformsUnderTest.One(record, $"rename: {JsonSerializer.Serialize(to)}");
        Assert.Equal(record, TransformsUnderTest.One(there, $"rename: {JsonSerializer.Serialize(to.ToDictionary(pair => pair.Value, pair => pair.Key))}"));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Selecting_twice_is_selecting_what_both_name(int seed)
    {
        var random = new Random(seed);
        var record = Record(random);
        var (one, other) = (Some(random), Some(random));
        var both = other.Where(one.Contains).ToArray();
        var twice = TransformsUnderTest.One(record, $"select: {JsonSerializer.Serialize(one)}", $"select: {JsonSerializer.Serialize(other)}");
        Assert.Equal(both.Length == 0 ? "{}" : TransformsUnderTest.One(record, $"select: {JsonSerializer.Serialize(both)}"), twice);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_number_cast_to_text_and_back_is_the_same_number(int seed)
    {
        var random = new Random(seed);
        var number = new decimal(random.Next(), random.Next(), 0, random.Next(2) == 0, (byte)random.Next(10)).ToString(CultureInfo.InvariantCulture);
        Assert.Equal($$"""{"a":{{number}}}""", TransformsUnderTest.One($$"""{"a":{{number}}}""", "cast: {a: text}", "cast: {a: number}"));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_moment_written_in_a_format_is_the_moment_that_was_meant(int seed)
    {
        var random = new Random(seed);
        var moment = new DateTime(1900, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(random.NextInt64(6_000_000_000));
        foreach (var format in new[] { "dd.MM.yyyy HH:mm:ss", "M/d/yyyy h:mm:ss tt", "yyyyMMddHHmmss" })
            Assert.Equal("{\"a\":\"" + moment.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) + "\"}",
                TransformsUnderTest.One("{\"a\":\"" + moment.ToString(format, CultureInfo.InvariantCulture) + "\"}", "cast: {a: {type: datetime, format: \"" + format + "\"}}"));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void What_no_step_touches_is_the_same_byte_for_byte(int seed)
    {
        var record = Record(new Random(seed));
        Assert.Equal(record, TransformsUnderTest.One(record, "cast: {nobody: number}", "rename: {no: one}"));
    }

    private static string[] Some(Random random) => [.. Names.Where(_ => random.Next(2) == 0).DefaultIfEmpty("a").OrderBy(_ => random.Next())];

    private static string Record(Random random)
    {
        var record = new JsonObject();
        foreach (var name in Names.Where(_ => random.Next(3) > 0))
            record[name] = random.Next(5) switch
            {
                0 => random.Next(),
                1 => new string((char)random.Next(32, 0x2000), random.Next(6)),
                2 => new JsonArray(1, "two", new JsonObject { ["three"] = 3 }),
                3 => new JsonObject { ["a"] = random.NextDouble() },
                _ => null,
            };
        return record.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }
}
