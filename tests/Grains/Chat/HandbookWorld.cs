using System.Text.Json;
using Sophia.Knowledge;

namespace Sophia.Chat;

/// <summary>The public handbook as records and sections, with a plain BM25 over them: what the answerer is measured on where no index is at hand.</summary>
internal sealed class HandbookWorld
{
    private const double K1 = 0.9, B = 0.4;

    private readonly WordAnalyzer analyzer = new();
    private readonly List<Section> sections = [];
    private readonly Dictionary<string, List<(int Section, int Count)>> postings = new(StringComparer.Ordinal);
    private double meanWords;

    public sealed record Section(string Path, int Line, string Title, string Heading, int Start, int Length, int Words);

    public sealed record Question(string Path, int Line, string Text);

    public Dictionary<string, string> Texts { get; } = new(StringComparer.Ordinal);

    public List<Question> Questions { get; } = [];

    public static HandbookWorld? Load(string? data)
    {
        var root = data is null ? "" : Path.Combine(data, "docs_handbook");
        var headings = Path.Combine(root, "question_headings.public.tsv");
        if (data is null || !File.Exists(headings))
            return null;
        var world = new HandbookWorld();
        foreach (var line in File.ReadLines(headings).Skip(1))
            if (line.Split('\t') is [var path, var number, _, var heading])
                world.Questions.Add(new Question(path, int.Parse(number), heading));
        var asked = world.Questions.Select(q => (q.Path, q.Line)).ToHashSet();
        foreach (var file in Directory.EnumerateFiles(root, "*.md", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            world.Add(Path.GetRelativePath(root, file).Replace('\\', '/'), File.ReadAllLines(file), asked);
        world.meanWords = world.sections.Average(s => s.Words);
        return world;
    }

    public IReadOnlyList<SearchHit> Search(string question, int limit)
    {
        var scores = new Dictionary<int, double>();
        foreach (var stem in analyzer.Words(question).Select(w => w.Stem).Distinct())
            if (postings.TryGetValue(stem, out var found))
            {
                var idf = Math.Log(1 + (sections.Count - found.Count + 0.5) / (found.Count + 0.5));
                foreach (var (section, count) in found)
                    scores[section] = scores.GetValueOrDefault(section) + idf * count * (K1 + 1) / (count + K1 * (1 - B + B * sections[section].Words / meanWords));
            }
        return [.. scores.OrderByDescending(s => s.Value).ThenBy(s => s.Key).Take(limit).Select(s => Hit(sections[s.Key], s.Value))];
    }

    public WordCounts Counts(string question) =>
        new(sections.Count, analyzer.Words(question).Select(w => w.Stem).Distinct().ToDictionary(s => s, s => (long)(postings.GetValueOrDefault(s)?.Count ?? 0)));

    public bool IsGold(Question question, ChatSource source)
    {
        var gold = sections.First(s => s.Path == question.Path && s.Line == question.Line);
        return source.Citation.Key == question.Path && source.Citation.Spans.All(s => s.Start >= gold.Start && s.Start + s.Length <= gold.Start + gold.Length);
    }

    public Passage Passage(SearchHit hit, int number, double best)
    {
        using var record = JsonDocument.Parse(JsonSerializer.Serialize(new { text = Texts[hit.Citation.Key] }));
        return new Passage(number, hit.Score / best, hit, PassageReader.Pieces(record.RootElement, hit));
    }

    private static SearchHit Hit(Section section, double score) => new(
        score, 0, new Citation("docs", section.Path, 1, [new FieldSpan("text", section.Start, section.Length)]), ChunkKind.Section, section.Title, "", [], section.Heading, [], null);

    private void Add(string path, string[] lines, HashSet<(string, int)> asked)
    {
        var text = new System.Text.StringBuilder();
        var starts = new List<(int Line, int Start, string Heading)> { (0, 0, "") };
        var fenced = false;
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("```", StringComparison.Ordinal))
                fenced = !fenced;
            var isHeading = !fenced && lines[i].StartsWith('#');
            var hidden = asked.Contains((path, i + 1));
            if (isHeading || hidden)
                starts.Add((i + 1, text.Length, hidden ? "" : lines[i].TrimStart('#', ' ')));
            if (!hidden)
                text.Append(lines[i]);
            text.Append('\n');
        }
        Texts[path] = text.ToString();
        var title = starts.Select(s => s.Heading).FirstOrDefault(h => h.Length > 0) ?? path;
        for (var i = 0; i < starts.Count; i++)
        {
            var end = i + 1 < starts.Count ? starts[i + 1].Start : text.Length;
            Index(new Section(path, starts[i].Line, title, starts[i].Heading, starts[i].Start, end - starts[i].Start, 0));
        }
    }

    private void Index(Section section)
    {
        if (section.Length == 0)
            return;
        var words = analyzer.Words(section.Title + " " + Texts[section.Path].Substring(section.Start, section.Length));
        foreach (var stem in words.GroupBy(w => w.Stem))
        {
            if (!postings.TryGetValue(stem.Key, out var list))
                postings[stem.Key] = list = [];
            list.Add((sections.Count, stem.Count()));
        }
        sections.Add(section with { Words = words.Count });
    }
}
