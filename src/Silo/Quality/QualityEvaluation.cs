using Sophia.Commands;
using Sophia.Knowledge;
using Sophia.Pipelines;

namespace Sophia.Quality;

/// <summary>Takes a set through Sophia as its owner would: define, ingest, look at the suggestions, accept them, read the findings.</summary>
internal sealed class QualityEvaluation(QualitySet set, ScratchSophia sophia)
{
    private const string Pipeline = "eval-quality";
    private const int Page = 1_000;

    /// <param name="definition">What the dirty table goes through, whose source is replaced by the table; null: no rules.</param>
    public async Task<IReadOnlyList<QualityScore>> Run(string? definition, CancellationToken cancellation)
    {
        var stream = await sophia.Fill(Pipeline, Text(definition), cancellation);
        var stated = definition is null ? null : PipelineDefinitionReader.Read(Text(definition), "definition", Pipeline).Definition!.StreamOf(stream);
        await sophia.AcceptAll(stream, Pipeline, cancellation);
        var findings = await sophia.Findings(stream, Page, cancellation);
        var header = (string field) => stated?.HeaderOf(field) ?? field;
        HashSet<(string, string)> Cells(Func<Finding, bool> which) => [.. findings.Where(finding => finding.Key.Length > 0 && which(finding)).Select(finding => (finding.Key, header(finding.Field)))];
        var learned = (Finding finding) => finding.Source.EndsWith("suggestion", StringComparison.Ordinal);
        (string, HashSet<(string, string)>)[] kinds =
        [
            ("declared", Cells(finding => !learned(finding))),
            ("dependency", Cells(finding => learned(finding) && finding.Kind == "dependency")),
            ("profile", Cells(finding => learned(finding) && finding.Kind != "dependency")),
            ("suggested", Cells(learned)),
            ("union", Cells(_ => true)),
        ];
        return [.. kinds.SelectMany(kind => Scores(kind.Item1, kind.Item2))];
    }

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
