using System.Diagnostics;
using System.Globalization;
using Sophia.Knowledge;

namespace Sophia.Bench;

/// <summary>Asks the same questions by one caller and by four at a time, and prints how long they took.</summary>
internal static class Asking
{
    private const int Callers = 4, Warm = 20;

    /// <param name="search">One caller's way to ask; each caller gets its own.</param>
    /// <param name="warm">Questions that are asked beforehand.</param>
    public static async Task Of(string name, IReadOnlyList<string> questions, Func<Func<string, Task>> search, int warm = Warm)
    {
        var one = search();
        foreach (var question in questions.Take(warm))
            await one(question);
        var before = Processor();
        var alone = (await Asked(one, questions)).Order().ToArray();
        var work = (Processor() - before).TotalMilliseconds / alone.Length;
        var clock = Stopwatch.StartNew();
        var four = (await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(() => Asked(search(), [.. questions.Where((_, at) => at % Callers == caller)]))))).SelectMany(t => t).Order().ToArray();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {name} | {At(alone, 50)} | {At(alone, 95)} | {At(alone, 99)} | {work:F1} | {At(four, 50)} | {At(four, 95)} | {four.Length / clock.Elapsed.TotalSeconds:N0} | {Memory()} | {Load()} |"));
    }

    public static string Header => "| by | p50 ms | p95 ms | p99 ms | processor ms a search | four at a time p50 | p95 | searches/s | process MiB | load |\n|---|---|---|---|---|---|---|---|---|---|";

    /// <summary>The mean share of the ten results of one engine that another one finds too.</summary>
    public static async Task<double> Agreement(IReadOnlyList<string> questions, SearchEngine exact, SearchEngine other, RankingOptions options)
    {
        var shared = 0.0;
        foreach (var question in questions)
        {
            var wanted = (await exact.Search(Filled.Tenant, new SearchQuery(question), options, default)).Hits.Select(hit => hit.ChunkId).ToHashSet();
            shared += wanted.Count == 0 ? 1 : (await other.Search(Filled.Tenant, new SearchQuery(question), options, default)).Hits.Count(hit => wanted.Contains(hit.ChunkId)) / (double)wanted.Count;
        }
        return shared / questions.Count;
    }

    /// <summary>What the process holds, in MiB.</summary>
    public static long Memory()
    {
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64 >> 20;
    }

    /// <summary>The machine's load over the last minute; empty where it is not told.</summary>
    public static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "";

    /// <summary>The time of all cores that the process has used: what a search costs however many others share the machine.</summary>
    public static TimeSpan Processor()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }

    private static async Task<List<double>> Asked(Func<string, Task> ask, IReadOnlyList<string> questions)
    {
        var times = new List<double>(questions.Count);
        foreach (var question in questions)
        {
            var began = Stopwatch.GetTimestamp();
            await ask(question);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        return times;
    }

    private static string At(double[] sorted, int percent) => sorted[Math.Min(sorted.Length - 1, sorted.Length * percent / 100)].ToString("F1", CultureInfo.InvariantCulture);
}
