using System.Text.Json;
using Sophia.Commands;

namespace Sophia.Knowledge;

/// <summary>A question, and the keys of the records that answer it.</summary>
/// <param name="Within">The one record that it is asked of, or null.</param>
internal sealed record AnswerableQuestion(string Text, IReadOnlySet<string> Gold, string? Within = null);

/// <summary>Records as a source would bring them, and questions that they answer.</summary>
/// <param name="Write">Puts them as files into a folder, but for those whose keys are left out; null where there are none.</param>
internal sealed record AnswerSet(string Name, string? Key, Action<string, IReadOnlySet<string>>? Write, IReadOnlyList<AnswerableQuestion> Questions);

/// <summary>The sets below a folder of shared data, each in its own form.</summary>
internal static class AnswerSets
{
    public static IReadOnlyList<AnswerSet> Read(string data) => [.. new[]
    {
        Directory.Exists(Path.Combine(data, "qmsum", "meetings", "val")) ? Meetings(Path.Combine(data, "qmsum", "meetings", "val")) : null,
        Directory.Exists(Path.Combine(data, "scifact")) ? Documents(BeirSet.Read(Path.Combine(data, "scifact"))) : null,
        Directory.Exists(Path.Combine(data, "cranfield")) ? Documents(CranfieldSet.Read(Path.Combine(data, "cranfield"))) : null,
        Directory.Exists(Path.Combine(data, "docs_handbook")) ? Handbook(Path.Combine(data, "docs_handbook")) : null,
        Directory.Exists(Path.Combine(data, "crm", "maven_crm_sales")) ? Tables(Path.Combine(data, "crm", "maven_crm_sales")) : null,
        Asked("general", GeneralQuestions.All),
        Asked("computed", ComputedQuestions.All),
    }.OfType<AnswerSet>()];

    /// <summary>Questions that no record answers.</summary>
    private static AnswerSet Asked(string name, string[] questions) => new(name, null, null, [.. questions.Select(q => new AnswerableQuestion(q, new HashSet<string>()))]);

    /// <summary>Most of their questions do not name their meeting, so they are asked within it.</summary>
    private static AnswerSet Meetings(string path)
    {
        var set = MeetingSet.Read(path);
        var questions = set.Meetings.SelectMany(meeting => meeting.Questions.Select(q => new AnswerableQuestion(q.Text, Only(meeting.Key), meeting.Key)));
        return new AnswerSet("meetings", null, (folder, without) => Copy(path, "*.json", folder, without), [.. questions]);
    }

    private static AnswerSet Documents(DocumentSet set) => new(set.Name, set.Key, (folder, without) =>
    {
        var file = Path.Combine(folder, "documents.jsonl");
        set.Write?.Invoke(file);
        var lines = File.ReadAllLines(set.Corpus ?? file);
        File.WriteAllLines(file, lines.Where(line => !without.Contains(Id(line, set.Key))));
    }, [.. set.Questions.Select(q => new AnswerableQuestion(q.Text, q.Relevant))]);

    /// <summary>Headings that are questions, taken out of the text that they stand over.</summary>
    private static AnswerSet Handbook(string path)
    {
        var headings = File.ReadLines(Path.Combine(path, "question_headings.public.tsv")).Skip(1).Select(line => line.Split('\t')).Where(row => row.Length == 4).ToList();
        var lines = headings.ToLookup(row => row[0], row => int.Parse(row[1], System.Globalization.CultureInfo.InvariantCulture));
        return new AnswerSet("handbook", null, (folder, without) => Copy(path, "*.md", folder, without, (file, from, to) =>
            File.WriteAllLines(to, File.ReadLines(from).Select((line, at) => lines[file].Contains(at + 1) ? "" : line))), [.. headings.Select(row => new AnswerableQuestion(row[3], Only(row[0])))]);
    }

    /// <summary>Tables of a sales department, with questions made of their cells.</summary>
    private static AnswerSet Tables(string path)
    {
        var questions = new List<AnswerableQuestion>();
        foreach (var row in Rows(Path.Combine(path, "accounts.csv")))
            questions.Add(new($"{(questions.Count % 3) switch { 0 => "What is the revenue of", 1 => "In which sector is", _ => "Where is the office location of" }} {row[0]}?", Only(row[0])));
        foreach (var row in Rows(Path.Combine(path, "sales_teams.csv")))
            questions.Add(new($"Who is the manager of {row[0]}?", Only(row[0])));
        foreach (var row in Rows(Path.Combine(path, "products.csv")))
            questions.Add(new($"What is the sales price of {row[0]}?", Only(row[0])));
        return new AnswerSet("tables", null, (folder, without) =>
        {
            foreach (var file in Directory.GetFiles(path, "*.csv"))
                File.WriteAllLines(Path.Combine(folder, Path.GetFileName(file)), File.ReadLines(file).Where(line => !without.Contains(line.Split(',')[0])));
        }, questions);
    }

    private static IEnumerable<string[]> Rows(string file) => File.ReadLines(file).Skip(1).Select(line => line.Split(','));

    private static HashSet<string> Only(string key) => [key];

    private static void Copy(string path, string pattern, string folder, IReadOnlySet<string> without, Action<string, string, string>? change = null)
    {
        foreach (var from in Directory.GetFiles(path, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var file = Path.GetRelativePath(path, from).Replace('\\', '/');
            if (without.Contains(file) || new FileInfo(from).Length <= 1) // Two pages of the handbook are empty.
                continue;
            var to = Path.Combine(folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            if (change is null)
                File.Copy(from, to);
            else
                change(file, from, to);
        }
    }

    private static string Id(string line, string key)
    {
        using var json = JsonDocument.Parse(line);
        return json.RootElement.GetProperty(key).ToString();
    }
}
