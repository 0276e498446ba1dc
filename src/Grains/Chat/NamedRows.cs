using Sophia.Knowledge;

namespace Sophia.Chat;

// "What renewal date has A-101?" names a row by what stands in it, and one of its fields. To words "A-101" is "101", and a row that is called "Mill 101" says that as well; it would be quoted for the other.
// A row that holds it is meant and none that does not; and where a table has one such row and the question names a field of it, that field is the answer.

/// <summary>Rows of tables that a question names by their key or by a value with letters and digits, as "A-101". Pure.</summary>
internal static class NamedRows
{
    private static readonly char[] Around = [.. "?!.,;:()[]{}\"'“”‘’«»"];

    /// <summary>The rows that are named: a word of the question is the key or a value of them, and of no other row of their table that was found.</summary>
    public static IReadOnlyList<ReadPassage> Of(string question, IEnumerable<ReadPassage> found)
    {
        var rows = found.Where(passage => ComputedQuestion.IsRow(passage.Passage)).ToList();
        var named = new List<ReadPassage>();
        foreach (var word in Words(question))
            foreach (var table in rows.Where(row => Has(row.Passage, word)).GroupBy(row => row.Passage.Hit.Citation.Stream, StringComparer.Ordinal))
                if (table.Select(row => row.Passage.Hit.Citation.Key).Distinct(StringComparer.Ordinal).Count() == 1)
                    named.AddRange(table.Where(row => !named.Contains(row)));
        return named;
    }

    /// <summary>Whether a row has a word of the question as its key or a value, as other rows of its table may.</summary>
    public static bool Holds(string question, Passage row) => ComputedQuestion.IsRow(row) && Words(question).Any(word => Has(row, word));

    /// <summary>The fields of named rows that the question names: those whose whole name it says, of these the longest names. One of each record's field.</summary>
    /// <param name="asked">The stems of the question.</param>
    public static List<Sentence> Fields(IReadOnlyList<ReadPassage> named, IReadOnlySet<string> asked, AnswerWords words)
    {
        var said = named.SelectMany(row => row.Sentences).Where(sentence => sentence.Piece.Label is not null)
            .Select(sentence => (Sentence: sentence, Label: words.Stems(sentence.Piece.Label)))
            .Where(field => field.Label.Count > 0 && field.Label.IsSubsetOf(asked)).ToList();
        return [.. said.Where(field => !said.Exists(other => other.Label.Count > field.Label.Count && field.Label.IsSubsetOf(other.Label)))
            .Select(field => field.Sentence).DistinctBy(sentence => (sentence.Passage.Hit.Citation.Stream, sentence.Passage.Hit.Citation.Key, sentence.Piece.Field, sentence.Start))];
    }

    private static IEnumerable<string> Words(string question) => question.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        .Select(word => word.Trim(Around)).Where(word => word.Any(char.IsLetter) && word.Any(char.IsDigit)).Distinct(StringComparer.OrdinalIgnoreCase);

    private static bool Has(Passage row, string word) =>
        string.Equals(row.Hit.Citation.Key, word, StringComparison.OrdinalIgnoreCase) || row.Pieces.Any(piece => string.Equals(piece.Text, word, StringComparison.OrdinalIgnoreCase));
}
