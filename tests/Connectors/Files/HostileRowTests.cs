using System.Text;

namespace Sophia.Pipelines;

/// <summary>Rows that nobody could store, between rows that anybody could: each is named with its reason, and none takes another with it.</summary>
public sealed class HostileRowTests
{
    private static readonly string LongKey = new('k', 100_000);

    public static TheoryData<string, string, string?> Rows() => new()
    {
        { "half a character as key", "{\"id\":\"\\ud800\",\"x\":1}", "encoding" },
        { "the other half as key", "{\"id\":\"\\uDC00\",\"x\":1}", "encoding" },
        { "two first halves", "{\"id\":\"\\ud83d\\ud83d\\ude00\",\"x\":1}", "encoding" },
        { "half a character within a value", "{\"id\":\"h\",\"x\":\"a\\ud800 b\"}", "encoding" },
        { "half a character deep down", "{\"id\":\"h\",\"x\":[{\"y\":[\"\\udfff\"]}]}", "encoding" },
        { "half a character in a name", "{\"id\":\"h\",\"\\ud800\":1}", "encoding" },
        { "half a character in the key's name", "{\"id\\ud800\":\"h\"}", "encoding" },
        { "half a character in two names", "{\"\\ud800\":1,\"\\ud800\":2,\"id\":\"h\"}", "encoding" },
        { "an escaped backslash before what looks like one", "{\"id\":\"h\\\\ud800\",\"x\":1}", null },
        { "a whole character, escaped", "{\"id\":\"h\\ud83d\\ude00\",\"x\":\"\\uD83D\\uDE00\"}", null },
        { "an escaped zero in the key", "{\"id\":\"h\\u0000\",\"x\":1}", null },
        { "a zero as it is", "{\"id\":\"h\0\",\"x\":1}", "json" },
        { "a broken escape", "{\"id\":\"h\\u12\",\"x\":1}", "json" },
        { "a key as long as a page", $"{{\"id\":\"{LongKey}\",\"x\":1}}", null }, // The lane holds it back, which knows the limit of all sources.
        { "an empty key", "{\"id\":\"\",\"x\":1}", null },
        { "a key that is an object", "{\"id\":{\"a\":1},\"x\":1}", null },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task One_bad_row_is_named_and_the_rest_come_in(string what, string row, string? rule)
    {
        Assert.NotEmpty(what);
        var lines = $"{{\"id\":\"1\",\"x\":1}}\n{row}\n{{\"id\":\"2\",\"x\":2}}\n";
        foreach (var key in (string?[])["id", null])
        {
            await Check("rows.jsonl", Encoding.UTF8.GetBytes(lines), rule, key);
            await Check("rows.jsonl", Encoding.UTF8.GetBytes(row + "\n{\"id\":\"1\",\"x\":1}\n{\"id\":\"2\",\"x\":2}"), rule, key);
            if (rule != "json") // What breaks an array off has no end to go on after.
                await Check("rows.json", Encoding.UTF8.GetBytes($"[{{\"id\":\"1\",\"x\":1}},\n{row},{{\"id\":\"2\",\"x\":2}}]"), rule, key);
        }
    }

    [Theory]
    [InlineData("half a character in UTF-8", new byte[] { 0xED, 0xA0, 0x80 })]
    [InlineData("a byte that begins nothing", new byte[] { 0xFF })]
    [InlineData("a character cut off", new byte[] { 0xE2, 0x82 })]
    [InlineData("an overlong slash", new byte[] { 0xC0, 0xAF })]
    [InlineData("a zero", new byte[] { 0 })]
    public async Task Bytes_that_are_no_text_are_named_with_their_row(string what, byte[] bytes)
    {
        Assert.NotEmpty(what);
        await Check("rows.csv", [.. "id,x\n1,1\n"u8, .. bytes, .. ",9\n2,2\n"u8], bytes[0] == 0 ? "text" : "encoding", null);
        await Check("rows.csv", [.. "id,x\n1,1\nh,\""u8, .. bytes, .. "\"\n2,2\n"u8], bytes[0] == 0 ? "text" : "encoding", "id");
        if (bytes[0] != 0)
            await Check("rows.json", [.. "[{\"id\":\"1\"},\n{\"id\":\""u8, .. bytes, .. "\"},{\"id\":\"2\"}]"u8], "encoding", null);
        await Check("rows.jsonl", [.. "{\"id\":\"1\"}\n{\"id\":\""u8, .. bytes, .. "\"}\n{\"id\":\"2\"}\n"u8], bytes[0] == 0 ? "json" : "encoding", null);
    }

    /// <summary>No order of hostile and honest rows loses an honest one.</summary>
    [Fact]
    public async Task Whatever_stands_between_them_every_honest_row_comes_in()
    {
        string[] hostile = [.. Rows().Select(row => (string)row[1]), "{", "\"\\ud800\"", "[\"\\ud800\"]", "\\ud800", "{\"id\":\"\\ud800\"", "nul"];
        for (var seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            var text = new StringBuilder();
            for (var i = 0; i < 30; i++)
                text.Append(random.Next(2) == 0 ? hostile[random.Next(hostile.Length)] : $"{{\"id\":\"honest-{i}\"}}").Append('\n');
            using var folder = new Folder();
            folder.Put("rows.jsonl", text.ToString());
            var read = await folder.Read("rows.jsonl", ("key", "id"));
            Assert.Equal(text.ToString().Split('\n').Where(line => line.Contains("honest", StringComparison.Ordinal)), read.Texts.Where(line => line.Contains("honest", StringComparison.Ordinal)));
            Assert.Equal(30, read.Records.Count + read.Bad.Count);
        }
    }

    /// <summary>An array that breaks off has no end to go on after; what came before is read.</summary>
    [Fact]
    public async Task An_array_that_breaks_off_gives_what_came_before()
    {
        using var folder = new Folder();
        folder.Put("rows.json", "[{\"id\":\"first of them\"},{\"id\":\"\0\"},{\"id\":\"third\"}]");
        var read = await folder.Read("rows.json");
        Assert.Contains("first of them", Assert.Single(read.Texts), StringComparison.Ordinal);
        Assert.Equal("json", Assert.Single(read.Bad).Reason.Rule);
    }

    [Theory]
    [InlineData("{\"type\":\"RECORD\",\"record\":{\"stream\":\"\\ud800\",\"data\":{\"id\":1},\"emitted_at\":1}}")]
    [InlineData("{\"type\":\"RECORD\",\"record\":{\"stream\":\"a\",\"namespace\":\"\\udc00\",\"data\":{\"id\":1},\"emitted_at\":1}}")]
    [InlineData("{\"type\":\"\\ud800\"}")]
    public void A_connectors_line_of_half_characters_is_one_broken_line(string line) =>
        Assert.Equal("encoding", Assert.IsType<AirbyteMessage.Broken>(AirbyteMessage.Of(Encoding.UTF8.GetBytes(line))).Fault.Rule);

    private static async Task Check(string name, byte[] bytes, string? rule, string? key)
    {
        using var folder = new Folder();
        folder.Put(name, bytes);
        var read = await folder.Read(name, key is null ? [] : [("key", key)]);
        var payloads = read.Texts.ToList();
        Assert.Contains(payloads, text => text.Contains("\"1\"", StringComparison.Ordinal));
        Assert.Contains(payloads, text => text.Contains("\"2\"", StringComparison.Ordinal));
        Assert.Equal(rule is null ? 3 : 2, payloads.Count);
        Assert.Equal(rule is null ? [] : [rule], read.Bad.Select(bad => bad.Reason.Rule));
    }
}
