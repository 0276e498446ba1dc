using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sophia.Bench;
using Sophia.Knowledge;

// sophia bench search [--chunks 100000,1000000] [--questions 300] [--data FOLDER] [--scratch FOLDER, which is kept and gone on with]: how fast passages become searchable, and how long a search takes, by words, by vectors and by
// both, one caller and four; beside it FTS5 alone over the same file;
// sophia bench search --scan 1000000 [--dimensions 384]: the comparison with that many made vectors alone; --passages 1000000: with those of passages.
var counts = (Option("--chunks") ?? "100000").Split(',').Select(Number).Order().ToArray();
var asked = Number(Option("--questions") ?? "300");
var data = Option("--data") ?? Environment.GetEnvironmentVariable("SOPHIA_DATA") ?? Path.Combine(Environment.GetEnvironmentVariable("SOPHIA_ROOT") ?? Environment.CurrentDirectory, "..", "shared", "data");
if (Option("--scan") is { } scanned)
{
    ScanBench.Made(Number(scanned), Number(Option("--dimensions") ?? "384"), asked);
    return 0;
}
if (!Directory.Exists(data))
{
    Console.Error.WriteLine($"There are no texts at {data}: say where they lie with --data or SOPHIA_DATA.");
    return 3;
}
if (Option("--passages") is { } compared)
{
    ScanBench.Real(Number(compared), new Passages(data), asked);
    return 0;
}
var scratch = Directory.CreateDirectory(Option("--scratch") ?? Path.Combine(Path.GetTempPath(), $"sophia-bench-search-{Guid.NewGuid():n}")).FullName;
try
{
    await using var filled = new Filled(scratch);
    var passages = new Passages(data);
    string[] brief = [.. Enumerable.Range(0, asked).Select(number => passages.Short(number, false))], whole = [.. Enumerable.Range(0, asked).Select(passages.Whole)],
        misspelt = [.. Enumerable.Range(0, asked).Select(number => passages.Short(number, true))];
    Console.WriteLine($"{passages.Real:N0} real passages, then variations; {asked} questions of each kind");
    foreach (var count in counts)
        await Measure(filled, count);
    return 0;

    async Task Measure(Filled filled, int count)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n## {count:N0} passages\n"));
        await Made("words: chunked and indexed", () => filled.Add(passages, count));
        await Made("vectors: embedded and kept", filled.Embed);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"index.db {filled.IndexBytes >> 20} MiB; process before the first search {Asking.Memory()} MiB"));
        var first = new SearchQuery(brief[^1]);
        var read = await filled.ReadWords(first);
        Rate("words into memory, beside FTS5", count, read);
        Rate("vectors into memory", count, await filled.ReadVectors(first));
        Console.WriteLine(filled.Sketches is null ? "every row compared" : $"sketched: one row of {RowSketches.OneOf} compared");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"in memory: words {filled.Copies.Words >> 20} MiB, vectors {filled.Copies.Vectors >> 20} MiB\n\n{Asking.Header}"));
        foreach (var (kind, questions) in new[] { ("short", brief), ("whole", whole) })
        {
            await Asking.Of($"words, {kind}", questions, () => By(filled, filled.Index, Ways.Words));
            await Asking.Of($"vectors alone, {kind}", questions, () => By(filled, filled.Index, Ways.Vectors));
            await Asking.Of($"both, {kind}", questions, () => By(filled, filled.Index, Ways.Both));
            await Asking.Of($"default, {kind}", questions, () => By(filled, filled.Index, RankingOptions.Default));
        }
        await Asking.Of("default, short, a word misspelt", misspelt, () => By(filled, filled.Index, RankingOptions.Default));
        var early = new SearchFilter(Until: DateTimeOffset.UnixEpoch.AddSeconds(count / 10));
        await Asking.Of("words, short, narrowed to a tenth by time", brief, () => By(filled, filled.Index, Ways.Words, early));
        await Asking.Of("the same index on disk: narrowed to a tenth by time", brief[..Math.Min(asked, 60)], () => By(filled, filled.OnDisk, Ways.Words, early), 5);
        await Asking.Of("default, short, the same again (remembered)", brief, Remembering(filled), asked);
        var few = Math.Min(asked, count > 500_000 ? 30 : 60); // FTS5 takes seconds for a whole question at a million.
        await Asking.Of("the same index on disk: words, short", brief[..few], () => By(filled, filled.OnDisk, Ways.Words), 5);
        await Asking.Of("FTS5 alone, same file, best ten, short", brief[..few], () => Fts5.Over(filled), 5);
        await Asking.Of("FTS5 alone, same file, best ten, whole", whole[..Math.Min(asked, 10)], () => Fts5.Over(filled), 2);
        foreach (var (kind, questions) in new[] { ("short", brief[..few]), ("whole", whole[..few]) })
        {
            var (exact, other) = (filled.Engine(filled.OnDisk), filled.Engine(filled.Index));
            var found = (await Asking.Agreement(questions, exact, other, Ways.Words), await Asking.Agreement(questions, exact, other, Ways.Vectors), await Asking.Agreement(questions, exact, other, Ways.Both));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind}: of the ten that FTS5 and all vectors give, found: words {found.Item1:F3}, vectors {found.Item2:F3}, both {found.Item3:F3}"));
        }
        await Asking.Of("vectors alone, every one compared, short", brief[..few], () => By(filled, filled.OnDisk, Ways.Vectors));
        filled.ForgetComparisons();
    }
}
finally
{
    if (Option("--scratch") is null)
        Directory.Delete(scratch, recursive: true);
}

static Func<string, Task> By(Filled filled, IIndexStore index, RankingOptions options, SearchFilter? filter = null)
{
    var engine = filled.Engine(index);
    return question => engine.Search(Filled.Tenant, new SearchQuery(question, Filter: filter), options, default);
}

static Func<Func<string, Task>> Remembering(Filled filled)
{
    var meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
    var cache = new KnowledgeCache(Options.Create(new CacheOptions()), [], new CacheMeter(meters.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>()), TimeProvider.System, NullLogger<KnowledgeCache>.Instance);
    return () =>
    {
        var search = new CachedSearch(filled.Engine(filled.Index), filled.Index, filled.Log, cache, RankingOptions.Default, TimeProvider.System);
        return async question =>
        {
            await search.Search(Filled.Tenant, new SearchQuery(question), default);
        };
    };
}

static void Rate(string name, int count, TimeSpan took) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-46}{count / took.TotalSeconds,12:N0}/s in {took.TotalSeconds:F1} s, load {Asking.Load()}"));

static async Task Made(string name, Func<Task<int>> work)
{
    var clock = Stopwatch.StartNew();
    if (await work() is > 0 and var made)
        Rate(name, made, clock.Elapsed);
}

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

string? Option(string name) => Array.IndexOf(args, name) is var at and >= 0 && at + 1 < args.Length ? args[at + 1] : null;
