using System.Security.Cryptography;
using System.Text;
using Sophia.Log;

namespace Sophia.Knowledge;

/// <summary>A passage as Weaviate keeps it; the client sends each member as a property of the same name, its first letter small.</summary>
internal sealed record PassageObject(
    string Build, string Edition, long Chunk, long Record, long Ordinal, double At, string[] Marks, string Words, string Title, string Section, string Text, string[] Speakers, string Spans, string Counts)
{
    /// <summary>What a search wants of a candidate.</summary>
    public static readonly string[] OfCandidate = ["chunk", "record", "edition", "ordinal", "speakers", "counts"];

    /// <summary>What a reader wants.</summary>
    public static readonly string[] OfText = ["chunk", "at", "ordinal", "title", "section", "text", "speakers", "spans"];

    /// <exception cref="ArgumentException">A text holds half a character.</exception>
    public static PassageObject Of(string build, PlacedRecord placed, int index, IndexedRecord record, WordAnalyzer analyzer)
    {
        var chunk = record.Chunks[index];
        return new PassageObject(
            build, placed.Planned.Edition, placed.FirstChunk + index, placed.Id, chunk.Ordinal, record.At.ToUnixTimeMilliseconds(), MarksOf(record, chunk), WordsOf(record.Title, chunk, analyzer),
            Whole(record.Title), Whole(chunk.Section ?? ""), Whole(chunk.Text), [.. chunk.Speakers.Select(Whole)], ChunkJson.Spans(chunk.Spans), Convert.ToBase64String(chunk.Words.Span));
    }

    /// <summary>The same in the same place, with nothing in it that could be refused.</summary>
    public PassageObject Blank() => this with { Marks = [], Words = "", Title = "", Section = "", Text = "", Speakers = [], Spans = "[]", Counts = "" };

    /// <summary>An object's id follows from its edition and its place in it, so that writing it twice writes one object.</summary>
    public static Guid IdOf(string edition, long index)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.ASCII.GetBytes(FormattableString.Invariant($"{edition}/{index}")), hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }

    public static string StreamMark(string stream) => Mark('s', stream);

    public static string SpeakerMark(string speaker) => Mark('p', speaker.ToLowerInvariant());

    public static string FieldMark(string name, string value) => Mark('f', $"{name.Length}:{name}{value}");

    private static string[] MarksOf(IndexedRecord record, Chunk chunk) =>
        [StreamMark(record.Stream), .. chunk.Speakers.Select(SpeakerMark).Distinct(StringComparer.Ordinal), .. record.Fields.Select(field => FieldMark(field.Key, field.Value))];

    // Equality of long or odd values, without their being cut, trimmed or folded by the engine. 128 bits.
    private static string Mark(char kind, string value) => kind + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)).AsSpan(0, 16));

    private static string WordsOf(string title, Chunk chunk, WordAnalyzer analyzer)
    {
        var stems = new StringBuilder();
        foreach (var text in (string[])[title, chunk.Section ?? "", Identifiers.Indexed(chunk)])
            foreach (var word in analyzer.Words(text))
                if (word.Stem.Length > 0)
                    stems.Append(stems.Length > 0 ? " " : "").Append(word.Stem);
        return stems.ToString();
    }

    private static string Whole(string text)
    {
        _ = PostgresKey.Of(text);
        return text;
    }
}

/// <summary>Reads an object that Weaviate answered.</summary>
internal static class PassageReader
{
    public static Candidate Candidate(this Weaviate.Client.Models.WeaviateObject found, ChunkKind kind) =>
        new(found.Int("chunk"), found.Int("record"), (int)found.Int("ordinal"), kind, found.Texts("speakers"), Convert.FromBase64String(found.Text("counts")));

    public static IndexedChunk Chunk(this Weaviate.Client.Models.WeaviateObject found, ChunkKind kind, LedgerRecord record) => new(
        found.Int("chunk"), record.Stream, record.Key, record.Version, DateTimeOffset.FromUnixTimeMilliseconds(found.Int("at")), found.Text("title"),
        new Chunk((int)found.Int("ordinal"), kind, found.Text("text"), found.Text("section") is { Length: > 0 } section ? section : null, found.Texts("speakers"), ChunkJson.Spans(found.Text("spans"))));

    public static long Int(this Weaviate.Client.Models.WeaviateObject found, string name) =>
        found.Properties.TryGetValue(name, out var value) ? Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture) : 0;

    public static string Text(this Weaviate.Client.Models.WeaviateObject found, string name) => found.Properties.TryGetValue(name, out var value) && value is string text ? text : "";

    private static string[] Texts(this Weaviate.Client.Models.WeaviateObject found, string name) => found.Properties.TryGetValue(name, out var value) && value is IEnumerable<string> texts ? [.. texts] : [];
}
