namespace Sophia.Chat;

/// <summary>How sentences are weighed. The defaults come from the measurement in docs/hub.md.</summary>
internal sealed record ExtractiveOptions
{
    /// <summary>Sentences in an answer.</summary>
    public int MaxSentences { get; init; } = 5;

    /// <summary>Share of the question's weight that the best passage must hold, or the answer is that nothing was found.</summary>
    public double MinPassageCover { get; init; } = 0.5;

    /// <summary>Share of the question's weight that the best sentence and its passage's title must hold.</summary>
    public double MinSentenceCover { get; init; } = 0.2;

    /// <summary>A sentence further than this below the best one is left out, as a share of the best one's score.</summary>
    public double MinShareOfBest { get; init; } = 0.6;

    /// <summary>A sentence that holds less of the question than this is left out, as a share of what the sentence holds that holds most (each with its title).</summary>
    public double MinShareOfCover { get; init; } = 0.6;

    /// <summary>What it costs a sentence to repeat what is chosen already.</summary>
    public double Redundancy { get; init; } = 0.5;

    /// <summary>Weight of the hit's own score beside the sentence's overlap.</summary>
    public double HitWeight { get; init; } = 0.6;

    /// <summary>Weight of the words around a sentence: its passage and title.</summary>
    public double ContextWeight { get; init; } = 0.35;

    /// <summary>Weight of the form that the question asks for: a date for when, a number for how many.</summary>
    public double CueWeight { get; init; } = 0.15;

    /// <summary>Weight of standing early in its passage.</summary>
    public double LeadWeight { get; init; } = 0.1;

    /// <summary>What is left of the score of a sentence that is a question or a few words.</summary>
    public double LittleSaid { get; init; } = 0.4;

    /// <summary>A passage whose hit scored less, as a share of the best hit's, counts half towards <see cref="MinPassageCover"/>.</summary>
    public double WeakHit { get; init; } = 0.3;

    /// <summary>Two sentences that share more of their words, as a share of the words of both, say the same.</summary>
    public double SameWords { get; init; } = 0.8;

    /// <summary>The best sentences among which those of the answer are chosen.</summary>
    public int MaxRanked { get; init; } = 200;
}
