namespace Sophia.Knowledge;

/// <summary>How much is remembered, and for how long.</summary>
public sealed record CacheOptions
{
    /// <summary>The kinds of things that are remembered, as they stand in keys, options and counters.</summary>
    public const string SearchAnswers = "search_answers", TextVectors = "text_vectors", LastAnswers = "search_answers_last";

    /// <summary>What memory may hold, vectors of texts aside, as estimated, in MiB for the whole process. Range 0 (nothing is remembered) to 16,384; default 64.</summary>
    public int MemoryMiB { get; init; } = 64;

    /// <summary>What memory may hold of <see cref="TextVectors"/>, of which a large index would drive out all else. In MiB for the whole process; range 0 (the model is asked each time) to 16,384; default 64, some 15,000 vectors of 1,024 numbers.</summary>
    public int VectorMemoryMiB { get; init; } = 64;

    /// <summary>Values in each of the two memories at most. Range 1 to 10,000,000, default 20,000.</summary>
    public int Entries { get; init; } = 20_000;

    /// <summary>A value over this size is not shared between processes. In KiB, default 256.</summary>
    public int LargestSharedKiB { get; init; } = 256;

    /// <summary>How long a lookup in the shared level may take before the source is read instead. Default 50 ms.</summary>
    public TimeSpan SharedWithin { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a shared level that failed is not asked again. Default 5 s.</summary>
    public TimeSpan SharedAgainAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a value lives where its kind has no time of its own. Default 30 minutes.</summary>
    public TimeSpan KeptFor { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long values of a kind live.</summary>
    public IReadOnlyDictionary<string, TimeSpan> KeptForKind { get; init; } = new Dictionary<string, TimeSpan>
    {
        ["executive_kpis"] = TimeSpan.FromSeconds(300),
        ["gong_summaries"] = TimeSpan.FromSeconds(1_800),
        ["competitive_data"] = TimeSpan.FromSeconds(3_600),
        ["llm_responses"] = TimeSpan.FromSeconds(7_200),
        [TextVectors] = TimeSpan.FromHours(24), // A text's vector never changes; a day brings it past the next reading of a daily source.
        [LastAnswers] = TimeSpan.FromSeconds(3_600),
    };

    internal TimeSpan Lifetime(string kind) => KeptForKind.GetValueOrDefault(kind, KeptFor);

    internal int MiBOf(string kind) => kind == TextVectors ? VectorMemoryMiB : MemoryMiB;

    internal bool IsInRange => MemoryMiB is >= 0 and <= 16_384 && VectorMemoryMiB is >= 0 and <= 16_384 && Entries is >= 1 and <= 10_000_000 && LargestSharedKiB is >= 1 and <= 1_024 * 64
        && SharedWithin > TimeSpan.Zero && SharedAgainAfter > TimeSpan.Zero && KeptFor > TimeSpan.Zero && KeptForKind.Values.All(time => time > TimeSpan.Zero);
}
