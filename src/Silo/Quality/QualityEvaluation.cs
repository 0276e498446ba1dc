using Sophia.Commands;
using Sophia.Knowledge;
using Sophia.Pipelines;

namespace Sophia.Quality;

/// <summary>Takes a set through Sophia as its owner would: define, ingest, look at the suggestions, accept them, read the findings.</summary>
internal sealed class QualityEvaluation(QualitySet set, ScratchSophia sophia)
{
    private const string Pipeline = "eval-quality";
    private const int Page = 1_000;

    /// <param name="definition">The declared rules, whose source is replaced by the dirty table; null: none.</param>
    public async Task<IReadOnlyList<QualityScore>> Run(string? definition, CancellationToken cancellation)
    {
        // Suggested rules are those of someone who declared none.
        var stream = await sophia.Fill(Pipeline, Text(null), cancellation);
        await sophia.AcceptAll(stream, Pipeline);
        var learned = await sophia.Findings(stream, Page);
        var (declared, headers) = ((IReadOnlyList<Finding>)[], (Func<string, string>)(field => field));
        if (definition is not null)
        {
            await sophia.Define(Pipeline, Text(definition));
            declared = await sophia.Findings(stream, Page);
            headers = PipelineDefinitionReader.Read(Text(definition), "definition", Pipeline).Definition!.StreamOf(stream)!.HeaderOf;
        }
        var suggested = Cells(learned, field => field);
        var stated = Cells(declared, headers);
        (string Rules, HashSet<(string, string)> Cells)[] kinds =
        [
            ("dependency", Cells(learned.Where(finding => finding.Kind == "dependency"), field => field)),
            ("profile", Cells(learned.Where(finding => finding.Kind != "dependency"), field => field)),
            ("suggested", suggested),
            ("declared", stated),
            ("union", [.. suggested, .. stated]),
        ];
        return [.. kinds.SelectMany(kind => Scores(kind.Rules, kind.Cells))];
    }

    private static HashSet<(string Key, string Column)> Cells(IEnumerable<Finding> findings, Func<string, string> headerOf) =>
        [.. findings.Where(finding => finding.Key.Length > 0).Select(finding => (finding.Key, headerOf(finding.Field)))];

    private IEnumerable<QualityScore> Scores(string rules, HashSet<(string Key, string Column)> flagged)
    {
        yield return Score(rules, null, flagged, set.Wrong);
        foreach (var column in set.Columns)
            if (Score(rules, column, flagged.Where(cell => cell.Column == column).ToHashSet(), set.Wrong.Where(cell => cell.Column == column).ToHashSet()) is { } score && score.Flagged + score.Wrong > 0)
                yield return score;
    }

    private QualityScore Score(string rules, string? column, HashSet<(string, string)> flagged, IReadOnlySet<(string, string)> wrong) =>
        new(set.Name, rules, column, flagged.Count, flagged.Count(wrong.Contains), wrong.Count);

    /// <summary>The definition with the dirty table as its one source, under the name of the measurement.</summary>
    private string Text(string? definition)
    {
        var source = $"name: {Pipeline}\nsource:\n  type: files\n  path: {JsonPath(set.Dirty)}\n  stream: {set.Name}\n";
        if (definition is null)
            return $"{source}streams:\n  {set.Name}:\n    key: {set.Columns[0]}\ngate: {{minimumScore: 0}}\n";
        // What stands between its name or source and the next key at the left is theirs; all else stays.
        var kept = new List<string>();
        var skipping = false;
        foreach (var line in definition.ReplaceLineEndings("\n").Split('\n'))
        {
            if (line.Length > 0 && !char.IsWhiteSpace(line[0]) && line[0] != '#')
                skipping = line.StartsWith("name:", StringComparison.Ordinal) || line.StartsWith("source:", StringComparison.Ordinal) || line.StartsWith("sources:", StringComparison.Ordinal);
            if (!skipping)
                kept.Add(line);
        }
        var text = source + string.Join('\n', kept);
        var read = PipelineDefinitionReader.Read(text, "definition", Pipeline);
        return read.Definition is null ? throw new CommandFailedException(string.Join('\n', read.Errors)) : text;
    }

    private static string JsonPath(string path) => $"\"{path.Replace("\\", "\\\\", StringComparison.Ordinal)}\"";
}
