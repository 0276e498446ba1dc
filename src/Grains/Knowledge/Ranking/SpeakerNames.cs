namespace Sophia.Knowledge;

/// <summary>Finds which speakers a question names: by their whole name, or by a distinctive part of it.</summary>
internal static class SpeakerNames
{
    /// <summary>A part shorter than this (in UTF-16 units) names nobody: it may be an initial or a role's number.</summary>
    private const int MinPartLength = 4;

    /// <summary>The speakers meant, and which words of the question (by place) say so.</summary>
    public static (HashSet<string> Speakers, HashSet<int> Words) In(IReadOnlyList<QueryWord> question, IReadOnlyList<string> speakers)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var used = new HashSet<int>();
        var names = speakers.Select(s => (Speaker: s, Parts: Parts(s))).ToList();
        foreach (var (speaker, parts) in names)
            for (var at = 0; parts.Count > 0 && at + parts.Count <= question.Count; at++)
                if (parts.Select((part, i) => question[at + i].Text == part).All(same => same))
                {
                    found.Add(speaker);
                    used.UnionWith(Enumerable.Range(at, parts.Count));
                }
        var bearers = names.SelectMany(n => n.Parts.Distinct()).GroupBy(p => p, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        var partly = new HashSet<int>();
        foreach (var (speaker, parts) in names.Where(n => !found.Contains(n.Speaker)).ToList())
        {
            var places = Enumerable.Range(0, question.Count)
                .Where(i => !used.Contains(i) && question[i].Text is { Length: >= MinPartLength } word && parts.Contains(word) && bearers[word] == 1 && !StopWords.IsStop(question[i].Stem))
                .ToList();
            if (places.Count == 0 || places.Select(i => question[i].Text).Distinct().Count() * 2 < parts.Count)
                continue;
            found.Add(speaker);
            partly.UnionWith(places);
        }
        used.UnionWith(partly);
        return (found, used);
    }

    private static List<string> Parts(string name)
    {
        var parts = new List<string>();
        var start = -1;
        for (var i = 0; i <= name.Length; i++)
        {
            if (i < name.Length && char.IsLetterOrDigit(name[i]))
                start = start < 0 ? i : start;
            else if (start >= 0)
            {
                parts.Add(name[start..i].ToLowerInvariant());
                start = -1;
            }
        }
        return parts;
    }
}
