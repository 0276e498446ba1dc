namespace Sophia.Knowledge;

/// <summary>The weights of the ranking; the defaults are measured (docs/adr/0006).</summary>
public sealed record RankingOptions
{
    /// <summary>Chunks that the engine's own BM25 proposes and the ranker scores anew. Default 400.</summary>
    public int Pool { get; init; } = 400;

    /// <summary>Distinct words of a question that are looked up, from its start. Default 128.</summary>
    public int MaxTerms { get; init; } = 128;

    /// <summary>Whether words that say nothing ("the", "what") are left out, unless a question has no others. Default true.</summary>
    public bool DropStopWords { get; init; } = true;

    /// <summary>How soon more occurrences of a word stop counting (k1). Default 1.5.</summary>
    public double Saturation { get; init; } = 1.5;

    /// <summary>How much a long text is held against itself. Range 0 to 1, default 0.6; for titles 0.4.</summary>
    public double LengthPenalty { get; init; } = 0.6;

    public double TitleLengthPenalty { get; init; } = 0.4;

    /// <summary>What a word in title or headings counts against one in the text. Default 1.5.</summary>
    public double TitleWeight { get; init; } = 1.5;

    /// <summary>What a word of asking ("summarize", "discussed") counts. Default 0.3.</summary>
    public double AskingWeight { get; init; } = 0.3;

    /// <summary>What a speaker's name counts as a word, since it counts as a speaker too. Default 0.2.</summary>
    public double SpeakerNameWeight { get; init; } = 0.2;

    /// <summary>By how much words spoken by somebody whom the question names raise a chunk. Default 2.</summary>
    public double SpeakerBoost { get; init; } = 2;

    /// <summary>What the neighbour before and after lend a piece of conversation, and how that fades with distance. Defaults 0.3, 0.2, 0.6.</summary>
    public double TurnsBefore { get; init; } = 0.3;

    public double TurnsAfter { get; init; } = 0.2;

    public double NeighbourFade { get; init; } = 0.6;

    /// <summary>How far a neighbour may be, in chunks. Default 3.</summary>
    public int NeighbourReach { get; init; } = 3;

    /// <summary>Best records whose best text's words widen the question; 0 switches it off. Default 5.</summary>
    public int FeedbackChunks { get; init; } = 5;

    /// <summary>Only a question of so many words (those of asking left out) is widened. Default 4.</summary>
    public int FeedbackMinTerms { get; init; } = 4;

    /// <summary>Words taken from them. Default 30.</summary>
    public int FeedbackTerms { get; init; } = 30;

    /// <summary>What those words weigh together against the question's. Default 0.18.</summary>
    public double FeedbackWeight { get; init; } = 0.18;

    /// <summary>A word in a larger share of all chunks is too common to widen with. Default 0.1.</summary>
    public double FeedbackMaxShare { get; init; } = 0.1;

    /// <summary>Texts with fewer words are taken to have so many when their words are weighed. Default 100.</summary>
    public int FeedbackMinWords { get; init; } = 100;

    /// <summary>Whether a narrowed search weighs words by their rarity there too. Default true.</summary>
    public bool MixScope { get; init; } = true;

    /// <summary>What a record's second, third and fourth best chunks add to its best (each divided by its place). Default 0.1.</summary>
    public double SiblingWeight { get; init; } = 0.1;

    /// <summary>Chunks proposed for their nearness. Default 100.</summary>
    public int Near { get; init; } = 100;

    /// <summary>What nearness to the question counts against its words: the nearest chunk gets so much of the best chunk's score. Null: 1 for a model, 0 for the built-in embedder. Range 0 to 100.</summary>
    public double? MeaningWeight { get; init; }

    /// <summary>What nearness counts besides, for each word of the question that stands nowhere in the index: the whole of it where none of them does. Default 1.</summary>
    public double RescueWeight { get; init; } = 1;

    /// <summary>Null (the default): nearness is added to the scores of words. Else the two are joined by reciprocal ranks, 1 over this and the place in each order, as evaluations compare with; 60 is usual.</summary>
    public double? ReciprocalRank { get; init; }

    /// <summary>How long a question waits for its vector before words alone answer. Default 250 ms.</summary>
    public TimeSpan EmbedWithin { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long words alone answer after the embedder did not. Default 5 s.</summary>
    public TimeSpan EmbedAgainAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether words count at all. Default true; false compares vectors alone.</summary>
    public bool Words { get; init; } = true;

    /// <summary>What nearness counts for an embedder's vectors.</summary>
    public double MeaningWeightOf(EmbedderId embedder) => MeaningWeight ?? (embedder.Model == HashedEmbedder.Id.Model ? 0 : 1);

    public static readonly RankingOptions Default = new();

    /// <summary>Nearness alone, in the order of the vectors: what evaluations compare with.</summary>
    public static readonly RankingOptions VectorsAlone = new() { Words = false, MeaningWeight = 1, Near = SearchQuery.MaxLimit, SpeakerBoost = 0, TurnsBefore = 0, TurnsAfter = 0, FeedbackChunks = 0, SiblingWeight = 0 };

    /// <summary>Plain BM25 with k1 0.9 and b 0.4, nothing else: what evaluations compare with.</summary>
    public static readonly RankingOptions PlainBm25 = new()
    {
        Pool = SearchQuery.MaxLimit, DropStopWords = false, Saturation = 0.9, LengthPenalty = 0.4, TitleLengthPenalty = 0.4, TitleWeight = 1, AskingWeight = 1, SpeakerNameWeight = 1, SpeakerBoost = 0,
        TurnsBefore = 0, TurnsAfter = 0, FeedbackChunks = 0, SiblingWeight = 0, MixScope = false, MeaningWeight = 0, RescueWeight = 0,
    };
}
