using System.Collections.Frozen;
using Sophia.Knowledge;

namespace Sophia.Chat;

/// <summary>The words of a text as the answerer compares them: the index's stems, with common irregular forms led back to their verb ("bought" to "buy").</summary>
/// <remarks>Not for use by two threads at once.</remarks>
internal sealed class AnswerWords
{
    private static readonly FrozenDictionary<string, string> Irregular = Table(
        """
        be was were been; begin began begun; break broke broken; bring brought; build built; buy bought; catch caught; choose chose chosen; come came; 
        deal dealt; die dies died dying; lie lies lying lain; tie ties tied tying; draw drew drawn; drive drove driven; eat ate eaten; fall fell fallen; feel felt; fight fought; find found; fly flew flown; forget forgot forgotten; get got gotten;
        give gave given; go went gone; grow grew grown; hear heard; hide hid hidden; hold held; keep kept; know knew known; lead led; leave left; lend lent; lose lost; make made;
        mean meant; meet met; pay paid; ride rode ridden; rise rose risen; run ran; say said; see saw seen; sell sold; send sent; shake shook shaken; show shown;
        sit sat; sleep slept; speak spoke spoken; spend spent; stand stood; steal stole stolen; stick stuck; swim swam; take took taken; teach taught; tell told; think thought;
        throw threw thrown; understand understood; wake woke woken; wear wore worn; win won; withdraw withdrew withdrawn; write wrote written; child children; person people; man men; woman women
        """);

    /// <summary>Distinct words remembered: an answer reads a few passages, and needs no more than common words at hand.</summary>
    private const int Remembered = 4_000;

    private readonly WordAnalyzer analyzer = new(Remembered);

    /// <summary>Words with their places.</summary>
    public List<Word> Of(ReadOnlySpan<char> text)
    {
        var words = analyzer.Words(text);
        for (var i = 0; i < words.Count; i++)
            if (Irregular.TryGetValue(words[i].Stem, out var stem))
                words[i] = words[i] with { Stem = stem };
        return words;
    }

    /// <summary>Counts by the index's stem, led back the same way; of several forms of a verb the most common counts.</summary>
    public Dictionary<string, long> Counts(IReadOnlyDictionary<string, long> byStem)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (stem, count) in byStem)
        {
            var led = Irregular.GetValueOrDefault(stem, stem);
            counts[led] = Math.Max(counts.GetValueOrDefault(led), count);
        }
        return counts;
    }

    /// <summary>The distinct stems of texts.</summary>
    public HashSet<string> Stems(params IEnumerable<string?> texts)
    {
        var stems = new HashSet<string>(StringComparer.Ordinal);
        foreach (var text in texts)
            foreach (var word in Of(text))
                stems.Add(word.Stem);
        return stems;
    }

    private static FrozenDictionary<string, string> Table(string families)
    {
        var table = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var family in families.Split(';', StringSplitOptions.TrimEntries))
        {
            string[] forms = [.. family.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(PorterStemmer.Stem)];
            foreach (var form in forms.Skip(1).Where(f => f != forms[0]))
                table[form] = forms[0];
        }
        return table.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
