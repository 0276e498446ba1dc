using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Data.Sqlite;
using Sophia.Sqlite;

namespace Sophia.Knowledge;

/// <summary>Goal: our words are the index's terms. Method: the same texts through FTS5's own tokenizer and through ours.</summary>
public sealed class WordAnalyzerTests : IDisposable
{
    private readonly SqliteConnection sqlite = new("Data Source=:memory:");
    private readonly SqliteCommand terms;

    public WordAnalyzerTests()
    {
        SqliteLibrary.Load();
        sqlite.Open();
        using (var create = Command("CREATE VIRTUAL TABLE t USING fts5(x, tokenize='porter unicode61'); CREATE VIRTUAL TABLE v USING fts5vocab(t, instance)"))
            create.ExecuteNonQuery();
        terms = Command("DELETE FROM t; INSERT INTO t(x) VALUES ($text); SELECT term FROM v ORDER BY offset");
        terms.Parameters.Add("$text", SqliteType.Text);
    }

    [Fact]
    public void Every_code_point_parts_or_makes_words_as_in_the_index()
    {
        const int Step = 0x400;
        for (var from = 1; from < 0x110000; from += Step)
        {
            var text = string.Join(" ,", Enumerable.Range(from, Step).Where(c => c is < 0xD800 or (>= 0xE000 and < 0x110000)).Select(c => $"ab{char.ConvertFromUtf32(c)}cd {char.ConvertFromUtf32(c)}"));
            Same(text);
        }
    }

    [Fact]
    public void Any_text_gives_the_terms_of_the_index() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            Same(AnyText(new Random(seed)));
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void English_words_are_stemmed_as_in_the_index()
    {
        string[] starts = ["relat", "hop", "fall", "feed", "agre", "troubl", "siz", "sky", "happ", "form", "gener", "oscill", "s", "ab", "bled", "conflat", "fail", "fil", "y", "yell", "depend", "ration"];
        string[] ends = ["", "s", "es", "ies", "ed", "eed", "ing", "y", "ational", "tional", "enci", "izer", "ization", "ator", "alism", "iveness", "fulness", "ousness", "aliti", "iviti", "biliti", "logi", "icate", "ative", "ical", "ness", "ement", "ment", "ent", "ion", "ate", "ible", "e", "ll", "ss", "sses"];
        Same(string.Join(' ', from start in starts from end in ends select start + end));
    }

    [SharedDataFact]
    public void Real_abstracts_give_the_terms_of_the_index()
    {
        foreach (var line in File.ReadLines(Path.Combine(SharedData.Root!, "scifact", "corpus.jsonl")).Take(300))
            Same(JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!);
    }

    [Fact]
    public void Words_know_where_they_stand_in_the_text()
    {
        var text = "  Ünder the — bridges' e\u0301nd";
        var words = new WordAnalyzer().Words(text);
        Assert.Equal(["Ünder", "the", "bridges", "e\u0301nd"], words.Select(w => text.Substring(w.Start, w.Length)));
        Assert.Equal(["under", "the", "bridg", "end"], words.Select(w => w.Stem));
    }

    [Fact]
    public void Halves_of_characters_and_endless_words_are_taken_as_they_come()
    {
        var words = new WordAnalyzer().Words("a\ud83d b\ude00c " + new string('x', 100_000));
        Assert.Equal(["a", "b", "c", new string('x', WordAnalyzer.MaxWordLength)], words.Select(w => w.Stem));
        Assert.Equal(100_000, words[3].Length);
    }

    private void Same(string text)
    {
        var (theirs, ours) = (Theirs(text), Ours(text));
        var at = theirs.Zip(ours).TakeWhile(pair => pair.First == pair.Second).Count();
        Assert.True(theirs.Count == ours.Count && at == ours.Count, $"word {at}: the index has \"{theirs.ElementAtOrDefault(at)}\" and we \"{ours.ElementAtOrDefault(at)}\" ({string.Join(' ', (ours.ElementAtOrDefault(at) ?? "").Select(c => $"{(int)c:X4}"))})");
    }

    /// <summary>Characters of every plane, mostly of few blocks so that they meet each other, without the NUL at which SQLite's shells stop.</summary>
    private static string AnyText(Random random)
    {
        var text = new StringBuilder();
        var block = random.Next(2) == 0 ? 0x20 : random.Next(0x1FF) << 7;
        for (var i = random.Next(200); i > 0; i--)
        {
            var c = random.Next(4) switch { 0 => random.Next(0x20, 0x7F), 1 => random.Next(1, 0x110000), _ => block + random.Next(0x80) };
            text.Append(c is >= 0xD800 and < 0xE000 or 0 ? " " : char.ConvertFromUtf32(c));
        }
        return text.ToString();
    }

    private List<string> Theirs(string text)
    {
        terms.Parameters[0].Value = text;
        using var rows = terms.ExecuteReader();
        var found = new List<string>();
        while (rows.Read())
            found.Add(rows.GetString(0));
        return found;
    }

    private static List<string> Ours(string text) => new WordAnalyzer().Words(text).ConvertAll(w => w.Stem);

    private SqliteCommand Command(string sql)
    {
        var command = sqlite.CreateCommand();
        command.CommandText = sql;
        return command;
    }

    public void Dispose()
    {
        terms.Dispose();
        sqlite.Dispose();
    }
}
