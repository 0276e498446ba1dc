namespace Sophia.Chat;

/// <summary>How sentences are weighed. The defaults are measured (bench/Results/eval.md).</summary>
internal sealed record ExtractiveOptions
{
    /// <summary>Sentences in an answer.</summary>
    public int MaxSentences { get; init; } = 5;

    /// <summary>How likely it must be that the passages answer, or the answer is that nothing was found. Range 0 to 1, default 0.4: as many of the questions that can be answered are answered as by a share of words alone, and half as many of those that cannot.</summary>
    public double MinLikelihood { get; init; } = 0.4;

    /// <summary>What likelihood begins with, and what each piece of evidence adds to or takes from it, in log odds: the whole of <see cref="AnswerEvidence.Together"/>, and each nat of Held and Missing. Fitted (docs/adr/0035).</summary>
    public double AtFirst { get; init; } = -3.27;

    public double TogetherCounts { get; init; } = 3.01;

    public double HeldCounts { get; init; } = 0.18;

    public double MissingCounts { get; init; } = 0.054;

    /// <summary>What it adds that the asker named the records to look in (<see cref="Knowledge.SearchFilter.Keys"/>), in log odds. Chosen (docs/adr/0035).</summary>
    public double NarrowedCounts { get; init; } = 0.8;

    /// <summary>What the size of the index takes, in log odds for each nat beyond <see cref="ManyPassages"/>, and gives below. Fitted (docs/adr/0035).</summary>
    public double SizeCounts { get; init; } = 0.28;

    /// <summary>The size at which it gives and takes nothing. Passages, default 3,000.</summary>
    public double ManyPassages { get; init; } = 3_000;

    /// <summary>A smaller index counts as one of this size: below, one common word would be enough. Passages, default 20.</summary>
    public double FewPassages { get; init; } = 20;

    /// <summary>Sentences in a row that are taken to speak of one thing. Default 3.</summary>
    public int Stretch { get; init; } = 3;

    /// <summary>How far apart two neighbours of the question may stand in a passage, in words. Default 3.</summary>
    public int TogetherWithin { get; init; } = 3;

    /// <summary>Records that are named as near where there is no answer. Default 3.</summary>
    public int MaxNear { get; init; } = 3;

    /// <summary>A passage that holds less of the question's weight is not near it. Range 0 to 1, default 0.25.</summary>
    public double MinNearCover { get; init; } = 0.25;

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

    /// <summary>Passages that the index is taken to have besides its own when words are weighed, so that a handful of passages weighs as a library does. Passages, default 50.</summary>
    public double AssumedPassages { get; init; } = 50;

    /// <summary>The share of them that hold any given word. Default 0.01.</summary>
    public double AssumedShare { get; init; } = 0.01;

    /// <summary>What a word of the asking ("discuss", "explain") weighs against what is asked about. Default 0.3.</summary>
    public double AskingWeight { get; init; } = 0.3;

    /// <summary>Two sentences that share more of their words, as a share of the words of both, say the same.</summary>
    public double SameWords { get; init; } = 0.8;

    /// <summary>The best sentences among which those of the answer are chosen.</summary>
    public int MaxRanked { get; init; } = 200;
}
