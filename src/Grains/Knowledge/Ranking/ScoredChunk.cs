namespace Sophia.Knowledge;

/// <summary>A candidate as the ranker sees it: its words, where the question's stand, who speaks how much.</summary>
internal sealed class ScoredChunk(IndexedChunk source, List<Word> title, List<Word> body, Dictionary<string, int>? spoken)
{
    private readonly Dictionary<string, (int Title, int Body)> counts = new(StringComparer.Ordinal);

    public IndexedChunk Source { get; } = source;

    public int TitleWords => title.Count;

    public int BodyWords => body.Count;

    public double Score { get; set; }

    /// <summary>Whether any word looked for so far stands in it.</summary>
    public bool Matches => counts.Count > 0;

    /// <summary>How often a stem that was counted stands in title (with headings) and text.</summary>
    public (int Title, int Body) CountOf(string stem) => counts.GetValueOrDefault(stem);

    /// <summary>The share of its words that any of the speakers says; 0 outside conversations.</summary>
    public double ShareOf(IEnumerable<string> speakers) =>
        spoken is null ? 0 : speakers.Sum(s => spoken.GetValueOrDefault(s)) / (double)Math.Max(1, body.Count);

    /// <summary>Counts the given stems.</summary>
    public void Count(IReadOnlySet<string> stems)
    {
        foreach (var word in title)
            if (stems.Contains(word.Stem))
                counts[word.Stem] = CountOf(word.Stem) is var (t, b) ? (t + 1, b) : default;
        foreach (var word in body)
            if (stems.Contains(word.Stem))
                counts[word.Stem] = CountOf(word.Stem) is var (t, b) ? (t, b + 1) : default;
    }

    /// <summary>How often every stem stands in it.</summary>
    public Dictionary<string, int> AllCounts()
    {
        var all = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var word in title.Concat(body))
            all[word.Stem] = all.GetValueOrDefault(word.Stem) + 1;
        return all;
    }
}
