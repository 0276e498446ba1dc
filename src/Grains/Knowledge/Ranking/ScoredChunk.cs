namespace Sophia.Knowledge;

/// <summary>A candidate as the ranker sees it: how often the words looked for stand in it, who speaks how much, and its score.</summary>
internal sealed class ScoredChunk
{
    private readonly int[] spoken;
    private (int Title, int Body)[] counts;

    public ScoredChunk(Candidate source, SoughtStems asked)
    {
        Source = source;
        spoken = source.Speakers.Count == 0 ? [] : new int[source.Speakers.Count];
        counts = new (int, int)[asked.Numbers.Length];
        var words = new ChunkWords(source.Words.Span, spoken);
        (TitleWords, BodyWords) = (words.TitleWords, words.BodyWords);
        Matches = words.Find(asked, counts);
    }

    public Candidate Source { get; }

    public int TitleWords { get; }

    public int BodyWords { get; }

    public double Score { get; set; }

    /// <summary>Whether any word of the question stands in it.</summary>
    public bool Matches { get; }

    /// <summary>How often the stem at a place stands in title (with headings) and text.</summary>
    public (int Title, int Body) CountOf(int place) => counts[place];

    /// <summary>The share of its words that any of the speakers says; 0 outside conversations.</summary>
    public double ShareOf(HashSet<string> speakers)
    {
        var words = 0;
        for (var i = 0; i < spoken.Length && speakers.Count > 0; i++)
            if (speakers.Contains(Source.Speakers[i]))
                words += spoken[i];
        return words / (double)Math.Max(1, BodyWords);
    }

    /// <summary>Looks for more stems, whose places follow those known so far.</summary>
    public void Count(SoughtStems more)
    {
        Array.Resize(ref counts, counts.Length + more.Numbers.Length);
        new ChunkWords(Source.Words.Span, []).Find(more, counts);
    }
}
