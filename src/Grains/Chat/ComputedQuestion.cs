using Sophia.Knowledge;

namespace Sophia.Chat;

// "How many deals closed in May?" wants every row of a table counted; the best twenty rows say nothing of it, and each of them would be quoted as if it did. Such a question is told by its
// form and by naming what a table names: its stream and its fields. One name is enough where rows are what was found before all else; where documents are, the names must be two or more and
// half of what is asked, for which the rows are looked up by themselves, and no document may hold more of its words. "How many employees has Acme?" has the same form, but one row says it: the question names the row and one of its fields.

/// <summary>Questions that ask for a count, a sum, an average or an extreme over the records of a table. Pure.</summary>
internal static class ComputedQuestion
{
    /// <summary>The best passages that are looked at. Default 5.</summary>
    private const int Looked = 5;

    /// <summary>Entities among which rows are looked for, since texts with fields are entities too. Default 50.</summary>
    private const int LookedRows = 50;

    /// <summary>A value of more characters makes a text of its row. Default 200.</summary>
    private const int LongestCell = 200;

    private static readonly HashSet<string> Extremes = new(
        "most least fewest highest lowest largest smallest biggest longest shortest oldest youngest newest cheapest total average median".Split(' '), StringComparer.Ordinal);

    private static readonly HashSet<string> Measures = new("number sum count share percentage proportion total average".Split(' '), StringComparer.Ordinal);

    /// <summary>Their stems, which name nothing of a table.</summary>
    private static readonly HashSet<string> Forms = [.. Extremes.Concat(Measures).Select(PorterStemmer.Stem)];

    /// <summary>What finds the rows of tables that a question of the form may be about; null where it has another form, or where rows are not to be answered from.</summary>
    public static SearchQuery? Rows(string question, SearchFilter? filter) =>
        filter?.Kind is null or ChunkKind.Entity && HasForm(question, new AnswerWords()) ? new SearchQuery(question, LookedRows, (filter ?? new SearchFilter()) with { Kind = ChunkKind.Entity }) : null;

    /// <summary>The stream that it would be computed over; null where the question is none of them.</summary>
    /// <param name="passages">As the search ranked them.</param>
    /// <param name="rows">What was found by <see cref="Rows"/>.</param>
    public static string? Table(string question, QuestionReading reading, IReadOnlyList<ReadPassage> passages, IReadOnlyList<ReadPassage> rows, AnswerWords words)
    {
        if (!HasForm(question, words))
            return null;
        var best = passages.Take(Looked).ToList();
        var first = best.FindAll(IsRow);
        var asked = reading.Stems.Where(stem => !Forms.Contains(stem)).ToHashSet(StringComparer.Ordinal);
        var all = rows.Concat(passages).Where(IsRow).ToList();
        if (all.Exists(row => SaysItself(row, asked, words)))
            return null;
        var inDocuments = best.Where(passage => !IsRow(passage)).Select(passage => asked.Count(passage.Stems.Contains)).DefaultIfEmpty(0).Max();
        var least = first.Count * 2 > best.Count ? 1 : Math.Max(inDocuments, Math.Max(2, (asked.Count + 1) / 2));
        return all.GroupBy(row => row.Passage.Hit.Citation.Stream, StringComparer.Ordinal)
            .Select(table => (Stream: table.Key, Named: Names(table, words).Count(asked.Contains)))
            .Where(table => table.Named >= least).OrderByDescending(table => table.Named).FirstOrDefault().Stream;
    }

    /// <summary>Whether a passage is a row of a table: short values under the names of their fields.</summary>
    public static bool IsRow(Passage passage) => passage.Hit.Kind == ChunkKind.Entity && passage.Pieces.All(piece => piece.Label is not null && piece.Text.Length <= LongestCell);

    private static bool IsRow(ReadPassage passage) => IsRow(passage.Passage);

    private static bool HasForm(string question, AnswerWords words) => HasForm([.. words.Of(question).Select(w => question.Substring(w.Start, w.Length).ToLowerInvariant())]);

    private static bool HasForm(string[] words)
    {
        if (words is ["count", ..] or ["top", ..])
            return true;
        for (var i = 0; i < words.Length; i++)
        {
            var next = i + 1 < words.Length ? words[i + 1] : "";
            if (Extremes.Contains(words[i]) || words[i] == "how" && next is "many" or "much" || Measures.Contains(words[i]) && next == "of" || words[i] is "what" or "which" && next is "share" or "percentage")
                return true;
        }
        return false;
    }

    /// <summary>Whether the question names a row and a field of it.</summary>
    private static bool SaysItself(ReadPassage row, HashSet<string> asked, AnswerWords words)
    {
        var title = words.Stems(row.Passage.Hit.Title);
        return title.Count > 0 && title.IsSubsetOf(asked) && words.Stems(row.Passage.Pieces.Select(piece => piece.Label)).Except(title).Any(asked.Contains);
    }

    private static HashSet<string> Names(IGrouping<string, ReadPassage> table, AnswerWords words) =>
        words.Stems([table.Key[(table.Key.LastIndexOf('/') + 1)..].Replace('_', ' '), .. table.SelectMany(row => row.Passage.Pieces).Select(piece => piece.Label)]);
}
