using System.Diagnostics;
using System.Text.Json;

namespace Sophia.Knowledge;

/// <summary>Goal: a change of chunking or ranking that makes search worse is seen. Method: "eval" as people run it, on real questions, against fixed figures and against plain BM25.</summary>
public sealed class EvaluationTests : IDisposable
{
    /// <summary>How far below plain BM25 a figure may lie: what a handful of questions decide.</summary>
    private const double Slack = .005;

    /// <summary>The whole of the largest set takes more than a minute; by default its questions are asked of a part.</summary>
    private static readonly bool Nightly = Environment.GetEnvironmentVariable("SOPHIA_NIGHTLY") == "1";

    private readonly string scratch = Directory.CreateTempSubdirectory("sophia-judged-").FullName;

    public void Dispose() => Directory.Delete(scratch, recursive: true);

    [SharedDataFact]
    public async Task Questions_on_meetings_find_their_passages()
    {
        var (ours, plain) = await Scores("qmsum", Shared("qmsum", "meetings", "val"));
        AtLeast(.48, "goldWords@1/6", ours, plain);
        AtLeast(.72, "hit@5", ours, plain);
        AtLeast(.60, "mrr", ours, plain);
    }

    [SharedDataFact]
    public async Task Claims_find_the_abstracts_that_speak_of_them()
    {
        var (ours, plain) = await Scores("beir", Nightly ? Shared("scifact") : Part(Shared("scifact")));
        AtLeast(.68, "ndcg@10", ours, plain);
    }

    [SharedDataFact]
    public async Task Engineers_questions_find_their_papers()
    {
        var (ours, plain) = await Scores("cranfield", Shared("cranfield"));
        AtLeast(.36, "ndcg@10", ours, plain);
    }

    private static string Shared(params string[] path) => Path.Combine([SharedData.Root!, .. path]);

    private static void AtLeast(double least, string figure, JsonElement ours, JsonElement plain)
    {
        var (score, bm25) = (ours.GetProperty(figure).GetDouble(), plain.GetProperty(figure).GetDouble());
        Assert.True(score >= least && score >= bm25 - Slack, $"{figure}: {score:0.0000}, plain BM25 {bm25:0.0000}; at least {least} is wanted");
    }

    /// <summary>Every question, among every fourth document and all that answer one: a third of the set.</summary>
    private string Part(string set)
    {
        Directory.CreateDirectory(Path.Combine(scratch, "qrels"));
        File.Copy(Path.Combine(set, "queries.train.jsonl"), Path.Combine(scratch, "queries.jsonl"));
        File.Copy(Path.Combine(set, "qrels", "train.tsv"), Path.Combine(scratch, "qrels", "train.tsv"));
        var answers = File.ReadLines(Path.Combine(set, "qrels", "train.tsv")).Skip(1).Select(line => line.Split('\t')[1]).ToHashSet();
        File.WriteAllLines(Path.Combine(scratch, "corpus.jsonl"), File.ReadLines(Path.Combine(set, "corpus.jsonl")).Where((line, i) => i % 4 == 0 || answers.Contains(Id(line))));
        return scratch;
    }

    private static string Id(string line)
    {
        using var json = JsonDocument.Parse(line);
        return json.RootElement.GetProperty("_id").GetString()!;
    }

    private static async Task<(JsonElement Ours, JsonElement Plain)> Scores(string set, string path)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "Sophia.dll"), "eval", set, "--path", path, "--mode", "sophia", "--mode", "bm25", "--json"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath(),
        })!;
        try
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(9));
            var (output, error) = (process.StandardOutput.ReadToEndAsync(deadline.Token), process.StandardError.ReadToEndAsync(deadline.Token));
            await process.WaitForExitAsync(deadline.Token);
            var said = await error;
            Assert.True(process.ExitCode == 0, $"eval {set} ended with {process.ExitCode}: {said}");
            var lines = (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
            return (lines.Single(l => l.GetProperty("mode").GetString() == "sophia"), lines.Single(l => l.GetProperty("mode").GetString() == "bm25"));
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
