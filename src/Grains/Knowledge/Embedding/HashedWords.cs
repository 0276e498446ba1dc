using System.Numerics;
using System.Runtime.InteropServices;

namespace Sophia.Knowledge;

/// <summary>A text as a vector by rule alone: its stems and their character n-grams, each hashed to a place and a sign (Weinberger et al., 2009), summed and made 1 long.</summary>
/// <remarks>
/// Texts that share words are near each other; words that share letters ("backup", "backups2") are a little. It knows no meaning. A text without
/// a word is one feature of its own. The same text gives the same bits on every machine. Keeps stems and scratch space: not for two threads at once.
/// </remarks>
internal sealed class HashedWords
{
    /// <summary>Rises when the same text gets another vector.</summary>
    public const int Version = 1;

    /// <summary>Places of a vector (bench/Results/embed.md compares 128 to 1,024).</summary>
    public const int Dimensions = 384;

    /// <summary>Shortest and longest run of letters; a word's edges count as letters.</summary>
    private const int ShortestGram = 3, LongestGram = 4;

    /// <summary>Of a word's weight 1: what all its n-grams weigh together, and what a word weighs that only says how one asks.</summary>
    private const float GramWeight = 1, AskingWeight = 0.4f;

    private const ulong WordSeed = 0x9E3779B97F4A7C15, GramSeed = 0xC2B2AE3D27D4EB4F, TextSeed = 0x165667B19E3779F9;

    private readonly WordAnalyzer analyzer = new();
    private readonly List<Word> words = [];
    private readonly Dictionary<string, int> places = new(StringComparer.Ordinal);
    private readonly List<(string Stem, int Times)> counted = [];

    /// <summary>Writes the vector of a text.</summary>
    /// <param name="vector"><see cref="Dimensions"/> places; whatever is in them is overwritten.</param>
    public void Write(ReadOnlySpan<char> text, Span<float> vector)
    {
        vector.Clear();
        Count(text);
        foreach (var (stem, times) in counted)
            AddWord(vector, stem, (float)(1 + Math.Log(times)) * (StopWords.IsAsking(stem) ? AskingWeight : 1));
        if (!VectorLength.TryMakeOne(vector))
        {
            vector.Clear();
            Add(vector, Hash(text, TextSeed), 1);
        }
    }

    // In order of first appearance, so that sums come out the same to the last bit.
    private void Count(ReadOnlySpan<char> text)
    {
        words.Clear();
        places.Clear();
        counted.Clear();
        analyzer.Append(text, 0, words);
        foreach (var word in words)
            if (!StopWords.IsStop(word.Stem))
            {
                ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(places, word.Stem, out var known);
                if (known)
                    counted[place] = (word.Stem, counted[place].Times + 1);
                else
                {
                    place = counted.Count;
                    counted.Add((word.Stem, 1));
                }
            }
    }

    private static void AddWord(Span<float> vector, string stem, float weight)
    {
        Add(vector, Hash(stem, WordSeed), weight);
        Span<char> edged = stackalloc char[Math.Min(stem.Length, WordAnalyzer.MaxWordLength) + 2];
        stem.AsSpan(0, edged.Length - 2).CopyTo(edged[1..]);
        edged[0] = edged[^1] = '\0';
        var grams = 0;
        for (var length = ShortestGram; length <= LongestGram; length++)
            grams += Math.Max(0, edged.Length - length + 1);
        var each = weight * GramWeight / MathF.Sqrt(Math.Max(1, grams));
        for (var length = ShortestGram; length <= LongestGram; length++)
            for (var at = 0; at + length <= edged.Length; at++)
                Add(vector, Hash(edged.Slice(at, length), GramSeed), each);
    }

    private static void Add(Span<float> vector, ulong hash, float weight) =>
        vector[(int)(((hash >> 32) * (ulong)vector.Length) >> 32)] += (hash & 1) == 0 ? weight : -weight;

    // FNV-1a over UTF-16 units, its bits mixed once more as MurmurHash3 does at its end.
    private static ulong Hash(ReadOnlySpan<char> text, ulong seed)
    {
        var hash = 0xCBF29CE484222325 ^ seed;
        foreach (var c in text)
            hash = (hash ^ c) * 0x100000001B3;
        hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCD;
        hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53;
        return BitOperations.RotateLeft(hash ^ (hash >> 33), 17);
    }
}
