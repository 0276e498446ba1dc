using Sophia.Knowledge;

namespace Sophia.Bench;

/// <summary>What one would have without Sophia: the ten best by FTS5's own rank, over the same file, nothing else.</summary>
internal static class Fts5
{
    public static Func<string, Task> Over(Filled filled)
    {
        var analyzer = new WordAnalyzer();
        return question =>
        {
            var words = analyzer.Words(question).Where(word => !StopWords.IsStop(word.Stem)).Select(word => question.Substring(word.Start, word.Length)).Distinct();
            return filled.Files.Read(Filled.Tenant, IndexSchema.Kind, database =>
            {
                using var select = database.Prepare("SELECT rowid FROM chunk_words WHERE chunk_words MATCH ?1 ORDER BY rank LIMIT 10");
                var found = 0;
                for (select.Text(1, CandidateSql.AnyOf(words)); select.Step(); found++)
                    select.Int(0);
                return found;
            }, 0, default);
        };
    }
}
