using System.Globalization;
using System.Text.Json;
using System.Xml;
using System.Xml.Linq;
using Sophia.Commands;

namespace Sophia.Knowledge;

/// <summary>Documents with questions and the ids of what answers each; questions without any are left out.</summary>
/// <param name="Corpus">A JSONL file whose records have <paramref name="Key"/>, <c>title</c> and <c>text</c>; null where <paramref name="Write"/> makes it.</param>
internal sealed record DocumentSet(string Name, string? Corpus, string Key, Action<string>? Write, IReadOnlyList<(string Text, IReadOnlySet<string> Relevant)> Questions)
{
    /// <summary>Joins questions with judgments.</summary>
    public static List<(string, IReadOnlySet<string>)> Judged(IEnumerable<(string Id, string Text)> questions, ILookup<string, string> relevant) =>
        questions.Where(q => relevant.Contains(q.Id)).Select(q => (q.Text, (IReadOnlySet<string>)relevant[q.Id].ToHashSet(StringComparer.Ordinal))).ToList();
}

/// <summary>Sets in the form of BEIR (Thakur et al., 2021): <c>corpus.jsonl</c>, <c>queries*.jsonl</c>, <c>qrels/*.tsv</c>. Where there are several qrels the first of test, train, dev is taken.</summary>
internal static class BeirSet
{
    public static DocumentSet Read(string path)
    {
        var corpus = Path.Combine(path, "corpus.jsonl");
        var qrels = new[] { "test", "train", "dev" }.Select(split => Path.Combine(path, "qrels", split + ".tsv")).FirstOrDefault(File.Exists);
        var queries = Directory.GetFiles(path, "queries*.jsonl").Order(StringComparer.Ordinal).ToList();
        if (!File.Exists(corpus) || qrels is null || queries.Count == 0)
            throw new CommandFailedException($"A BEIR set has corpus.jsonl, queries*.jsonl and qrels/test.tsv (or train, dev); not all of them are in {path}.");
        var relevant = File.ReadLines(qrels).Skip(1).Select(line => line.Split('\t')).Where(row => row.Length == 3 && int.Parse(row[2], CultureInfo.InvariantCulture) > 0)
            .ToLookup(row => row[0], row => row[1]);
        return new DocumentSet(Path.GetFileName(path), corpus, "_id", null, DocumentSet.Judged(queries.SelectMany(File.ReadLines).Select(Query), relevant));
    }

    private static (string, string) Query(string line)
    {
        using var json = JsonDocument.Parse(line);
        return (json.RootElement.GetProperty("_id").GetString()!, json.RootElement.GetProperty("text").GetString()!);
    }
}

/// <summary>The Cranfield collection as XML with judgments in TREC's form, which count questions from 1 in their order in the file; only relevance above 0 counts.</summary>
internal static class CranfieldSet
{
    public static DocumentSet Read(string path)
    {
        var relevant = File.ReadLines(Path.Combine(path, "cranqrel.trec.txt")).Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Where(row => row.Length == 4 && int.Parse(row[3], CultureInfo.InvariantCulture) > 0).ToLookup(row => row[0], row => row[2]);
        var questions = Elements(Path.Combine(path, "cran.qry.xml"), "top").Select((top, place) => ((place + 1).ToString(CultureInfo.InvariantCulture), Text(top, "title")));
        return new DocumentSet("cranfield", null, "id", file => Write(Path.Combine(path, "cran.all.1400.xml"), file), DocumentSet.Judged(questions, relevant));
    }

    private static void Write(string documents, string file)
    {
        using var lines = new StreamWriter(file);
        foreach (var document in Elements(documents, "doc"))
            lines.WriteLine(JsonSerializer.Serialize(
                new Dictionary<string, string> { ["id"] = Text(document, "docno"), ["title"] = Text(document, "title"), ["text"] = Text(document, "text") }, DocumentJson.Default.DictionaryStringString));
    }

    // The file of documents has no root element.
    private static IEnumerable<XElement> Elements(string file, string name)
    {
        using var reader = XmlReader.Create(file, new XmlReaderSettings { ConformanceLevel = ConformanceLevel.Fragment });
        while (reader.Read())
            while (reader.NodeType == XmlNodeType.Element && reader.Name == name)
                yield return (XElement)XNode.ReadFrom(reader);
    }

    private static string Text(XElement parent, string name) => parent.Element(name)?.Value.Trim() ?? "";
}

[System.Text.Json.Serialization.JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class DocumentJson : System.Text.Json.Serialization.JsonSerializerContext;
