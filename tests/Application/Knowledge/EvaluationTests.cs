using System.Diagnostics;
using System.Text.Json;

namespace Sophia.Knowledge;

/// <summary>Goal: a change of chunking or ranking that makes search worse is seen. Method: "eval" as people run it, on real questions, against fixed figures and against plain BM25.</summary>
public sealed class EvaluationTests : IDisposable
{
    /// <summary>How far below plain BM25, and below our ranking without vectors, a figure may lie: what a handful of questions decide.</summary>
    private const double Slack = .005;

    /// <summary>The whole of the largest set takes more than a minute; by default its questions are asked of a part.</summary>
    private static readonly bool Nightly = Environment.GetEnvironmentVariable("SOPHIA_NIGHTLY") == "1";

    private readonly string scratch = Directory.CreateTempSubdirectory("sophia-judged-").FullName;

    public void Dispose() => Directory.Delete(scratch, recursive: true);

    [SharedDataFact]
    public async Task Questions_on_meetings_find_their_passages()
    {
        var scores = await Scores("qmsum", Shared("qmsum", "meetings", "val"));
        AtLeast(.48, "goldWords@1/6", scores);
        AtLeast(.72, "hit@5", scores);
        AtLeast(.60, "mrr", scores);
    }

    [SharedDataFact]
    public async Task Claims_find_the_abstracts_that_speak_of_them()
    {
        var scores = await Scores("beir", Nightly ? Shared("scifact") : Part(Shared("scifact")));
        AtLeast(.68, "ndcg@10", scores);
    }

    [SharedDataFact]
    public async Task Engineers_questions_find_their_papers()
    {
        var scores = await Scores("cranfield", Shared("cranfield"));
        AtLeast(.36, "ndcg@10", scores);
    }

    [SharedDataFact]
    public async Task Misspelt_questions_find_more_with_vectors_than_by_words_alone()
    {
        var scores = await Scores("cranfield", Shared("cranfield"), "--misspelt");
        var (ours, words) = (scores["sophia"].GetProperty("ndcg@10").GetDouble(), scores["words"].GetProperty("ndcg@10").GetDouble());
        Assert.True(ours > words, $"ndcg@10: {ours:0.0000}, our words alone {words:0.0000}");
    }

    private static string Shared(params string[] path) => Path.Combine([SharedData.Root!, .. path]);

    private static void AtLeast(double least, string figure, IReadOnlyDictionary<string, JsonElement> scores)
    {
        var (score, words, bm25) = (Of("sophia"), Of("words"), Of("bm25"));
        Assert.True(score >= least && score >= bm25 - Slack && score >= words - Slack, $"{figure}: {score:0.0000}, our words alone {words:0.0000}, plain BM25 {bm25:0.0000}; at least {least} is wanted");

        double Of(string mode) => scores[mode].GetProperty(figure).GetDouble();
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

    private static async Task<IReadOnlyDictionary<string, JsonElement>> Scores(string set, string path, params string[] options)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "Sophia.dll"), "eval", set, "--path", path, "--mode", "sophia", "--mode", "words", "--mode", "bm25", "--json", .. options])
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
            return (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToDictionary(line => line.GetProperty("mode").GetString()!);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
