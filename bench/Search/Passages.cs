using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Sophia.Knowledge;

namespace Sophia.Bench;

/// <summary>Passages of 40 to 80 words from real texts (abstracts, meetings, a handbook), as many as are wanted: beyond the first round each is one of them with three words in ten replaced by
/// words of the others, as common there as here. And questions: whole ones that people asked of these texts, and short ones of 2 to 4 telling words of one passage. The same every time.</summary>
internal sealed partial class Passages
{
    private const double Replaced = .3;

    private readonly List<string[]> passages = [];
    private readonly List<string> whole = [];

    /// <param name="data">The folder of the real sets.</param>
    public Passages(string data)
    {
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in Texts(data))
        {
            var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(word => known.TryAdd(word, word) ? word : known[word]).ToArray();
            for (var (at, random) = (0, new Random(passages.Count)); at < words.Length - 20;)
            {
                var length = Math.Min(random.Next(40, 81), words.Length - at);
                passages.Add(words[at..(at + length)]);
                at += length;
            }
        }
        // Neighbours in the index are strangers, as they are where many write.
        new Random(1).Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(passages));
        whole.AddRange(Asked(data));
        new Random(2).Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(whole));
    }

    /// <summary>Different passages; after them come variations.</summary>
    public int Real => passages.Count;

    public string Text(int number)
    {
        var words = passages[number % passages.Count];
        if (number < passages.Count)
            return string.Join(' ', words);
        var random = new Random(number);
        return string.Join(' ', words.Select(word => random.NextDouble() < Replaced ? Drawn(random) : word));
    }

    /// <summary>A question that somebody asked of these texts.</summary>
    public string Whole(int number) => whole[number % whole.Count];

    /// <summary>Two to four telling words of one passage.</summary>
    /// <param name="misspelt">Whether the longest of them has two letters exchanged.</param>
    public string Short(int number, bool misspelt)
    {
        var random = new Random(-1 - number);
        var telling = passages[random.Next(passages.Count)].Select(word => word.Trim('.', ',', ';', ':', '(', ')', '"', '*', '#').ToLowerInvariant())
            .Where(word => word.Length > 3 && word.All(char.IsLetter) && !StopWords.IsStop(word)).Distinct().ToArray();
        random.Shuffle(telling);
        var chosen = telling.Take(random.Next(2, 5)).ToList();
        if (misspelt && chosen.MaxBy(word => word.Length) is { } longest)
            chosen[chosen.IndexOf(longest)] = longest[..(longest.Length / 2)] + longest[longest.Length / 2 + 1] + longest[longest.Length / 2] + longest[(longest.Length / 2 + 2)..];
        return chosen.Count == 0 ? Short(number + 1_000_000, misspelt) : string.Join(' ', chosen);
    }

    public static string Key(int number) => number.ToString(CultureInfo.InvariantCulture);

    private string Drawn(Random random)
    {
        var words = passages[random.Next(passages.Count)];
        return words[random.Next(words.Length)];
    }

    private static IEnumerable<string> Texts(string data)
    {
        foreach (var line in File.ReadLines(Path.Combine(data, "scifact", "corpus.jsonl")))
            yield return JsonDocument.Parse(line).RootElement.GetProperty("text") is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";
        foreach (Match document in Abstract().Matches(File.ReadAllText(Path.Combine(data, "cranfield", "cran.all.1400.xml"))))
            yield return document.Groups[1].Value;
        foreach (var file in Meetings(data))
            using (var meeting = JsonDocument.Parse(File.ReadAllText(file)))
                yield return string.Join(' ', meeting.RootElement.GetProperty("meeting_transcripts").EnumerateArray().Select(turn => turn.GetProperty("content").GetString()));
        foreach (var file in Directory.GetFiles(Path.Combine(data, "docs_handbook"), "*.md", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            yield return File.ReadAllText(file);
    }

    private static IEnumerable<string> Asked(string data)
    {
        foreach (var line in File.ReadLines(Path.Combine(data, "scifact", "queries.train.jsonl")))
            yield return JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!;
        foreach (var question in XDocument.Load(Path.Combine(data, "cranfield", "cran.qry.xml")).Descendants("title"))
            yield return question.Value.Trim();
        foreach (var file in Meetings(data))
            using (var meeting = JsonDocument.Parse(File.ReadAllText(file)))
                foreach (var question in meeting.RootElement.GetProperty("specific_query_list").EnumerateArray())
                    yield return question.GetProperty("query").GetString()!;
        foreach (var line in File.ReadLines(Path.Combine(data, "docs_handbook", "question_headings.public.tsv")).Skip(1))
            yield return line.Split('\t')[3];
    }

    private static IEnumerable<string> Meetings(string data) =>
        Directory.GetFiles(Path.Combine(data, "qmsum", "meetings"), "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal);

    [GeneratedRegex("<text>(.*?)</text>", RegexOptions.Singleline)]
    private static partial Regex Abstract();
}
