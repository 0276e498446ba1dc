using System.Text;
using System.Text.Json;
using Sophia.Log;

namespace Sophia.Knowledge;

/// <summary>Records drawn from a seed, of every kind and with everything in them that offsets can stumble over.</summary>
internal static class SomeRecords
{
    private static readonly string[] Pieces =
    [
        "budget", "meeting", "remote", "control", "don't", "naïve", "e\u0301t\u00e9", "日本語の文章", "🙂", "👩‍👩‍👧‍👦", "𝒳𝒴", "a.b[c]", "{vocalsound}", "\"quoted\"", "x", "3.14", "é🙂é", "\u200b", "ﬀ", "ЖУК", "#tag",
    ];

    private static readonly string[] Gaps = [" ", " ", " ", " ", " ", "\n", "  ", ". ", "! ", "? ", ".\n\n", "\r\n", "\u3000", "\t"];

    private static readonly string[] Blocks =
    [
        "# One\n", "## Two\n\n", "### Three ###\n", "Setext\n======\n", "Under\n---\n", "```\n# not a heading\n```\n", "~~~\ncode\n~~~\n", "- item\n- item\n", "\n\n", "# \n", "####### seven\n",
    ];

    private static readonly string[] Names = ["text", "title", "name", "a.b", "with \"quotes\"", "br[ack]et", "ünïcode", "nested", "list", ""];

    public static LogEntry Entry(string json, string key = "k", long version = 1, long position = 1, RecordOperation operation = RecordOperation.Upsert)
    {
        var payload = Encoding.UTF8.GetBytes(json);
        return new LogEntry(position, EntryType.Record, "s", key, version, operation, payload, EntryHash.Of(operation, payload), DateTimeOffset.UnixEpoch, "run", 0);
    }

    public static string Transcript(Random random) => JsonSerializer.Serialize(new
    {
        kind = "transcript",
        turns = Enumerable.Range(0, random.Next(40)).Select(i => random.Next(15) == 0
            ? (object)"no turn"
            : new { speaker = random.Next(5) == 0 ? "" : $"Speaker {(char)('A' + random.Next(4))} 🙂", text = Prose(random, random.Next(8) == 0 ? 900 : random.Next(60)), start = random.Next(3_000) }),
    });

    public static string Document(Random random, bool markdown) =>
        JsonSerializer.Serialize(new { kind = "document", title = "The title", format = markdown ? "markdown" : "text", text = markdown ? Markdown(random) : Prose(random, random.Next(1_500)) });

    public static string Entity(Random random) => JsonSerializer.Serialize(Fields(random, 0));

    /// <summary>Words with whatever stands between them; once in a while one without an end.</summary>
    public static string Prose(Random random, int words)
    {
        var text = new StringBuilder();
        for (var i = 0; i < words; i++)
        {
            text.Append(Pieces[random.Next(Pieces.Length)]).Append(Gaps[random.Next(Gaps.Length)]);
            if (random.Next(400) == 0)
                text.Append(string.Concat(Enumerable.Repeat(random.Next(2) == 0 ? "🙂" : "ab", random.Next(9_000))));
        }
        return text.ToString();
    }

    private static string Markdown(Random random)
    {
        var text = new StringBuilder(random.Next(3) == 0 ? "---\ntitle: x\n---\n" : "");
        for (var i = random.Next(20); i > 0; i--)
            text.Append(Blocks[random.Next(Blocks.Length)]).Append(Prose(random, random.Next(4) == 0 ? random.Next(800) : random.Next(40))).Append('\n');
        return text.ToString();
    }

    private static Dictionary<string, object?> Fields(Random random, int depth) => Enumerable.Range(0, random.Next(8)).Select(_ => Names[random.Next(Names.Length)]).Distinct()
        .ToDictionary(name => name, _ => Value(random, depth));

    private static object? Value(Random random, int depth) => random.Next(depth > 3 ? 4 : 6) switch
    {
        0 => random.Next(),
        1 => random.Next(2) == 0,
        2 => random.Next(3) == 0 ? null : Prose(random, random.Next(12)),
        3 => Prose(random, random.Next(500)),
        4 => Fields(random, depth + 1),
        _ => Enumerable.Range(0, random.Next(4)).Select(_ => Value(random, depth + 1)).ToArray(),
    };
}
