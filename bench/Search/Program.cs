using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Sophia;
using Sophia.Bench;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Tenants;

// sophia bench search [--chunks 100000] [--questions 300] [--dimensions 384] [--scratch FOLDER]: how fast passages become searchable, and how long a search takes, by words, by vectors and by both;
// sophia bench search --scan 1000000: the comparison with that many vectors alone.
if (Option("--scan") is { } scanned)
{
    ScanBench.Run(Number(scanned), Number(Option("--dimensions") ?? "384"), Number(Option("--questions") ?? "300"));
    return;
}
var (chunks, questions) = (Number(Option("--chunks") ?? "100000"), Number(Option("--questions") ?? "300"));
var scratch = Directory.CreateDirectory(Option("--scratch") ?? Path.Combine("var", "bench-search", Guid.NewGuid().ToString("n"))).FullName;
try
{
    await using var services = new ServiceCollection().AddLogging().AddSophiaStorage(storage => storage.DataFolder = scratch).BuildServiceProvider();
    var (index, vectors, tenant) = (services.GetRequiredService<IIndexStore>(), services.GetRequiredService<IVectorStore>(), TenantId.Parse("bench"));
    var passages = new Passages();
    Rate("words: chunked and indexed", chunks, await Timed(() => Index(index, tenant, passages)));
    Rate("vectors: embedded and kept", chunks, await Timed(() => Embed(vectors, tenant)));
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"index.db {new DirectoryInfo(scratch).EnumerateFiles("index.db*", SearchOption.AllDirectories).Sum(f => f.Length) >> 20} MiB; memory before the first search {Memory()} MiB"));
    var engine = new SearchEngine(index, services.GetRequiredService<ILogStore>(), TimeProvider.System, _ => new DirectEmbedder());
    foreach (var (name, options, misspelt) in new (string, RankingOptions, bool)[]
    {
        ("words", RankingOptions.Default with { MeaningWeight = 0, RescueWeight = 0 }, false), ("vectors", RankingOptions.VectorsAlone with { Near = 100 }, false), ("both, as for a model", RankingOptions.Default with { MeaningWeight = 1 }, false),
        ("default", RankingOptions.Default, false), ("default, a word misspelt", RankingOptions.Default, true),
    })
    {
        var first = await Timed(() => engine.Search(tenant, new SearchQuery(passages.Question(questions, misspelt)), options, default));
        var times = new List<double>();
        for (var number = 0; number < questions; number++)
        {
            var question = new SearchQuery(passages.Question(number, misspelt));
            times.Add((await Timed(() => engine.Search(tenant, question, options, default))).TotalMilliseconds);
        }
        Show(name, first, times);
    }
}
finally
{
    Directory.Delete(scratch, recursive: true);
}

async Task<bool> Index(IIndexStore index, TenantId tenant, Passages passages)
{
    var counter = new WordCounter(new WordAnalyzer());
    var cursor = new IndexCursor(0, 0);
    foreach (var batch in Enumerable.Range(1, chunks).Chunk(500))
    {
        var next = new IndexCursor(batch[^1], RecordChunker.Version);
        await index.Apply(tenant, cursor, next, [.. batch.Select(number => RecordChunker.Index(Entry(number, passages.Text(number)), ChunkingOptions.Default, counter))], DateTimeOffset.UnixEpoch, default);
        cursor = next;
    }
    return true;
}

static async Task<bool> Embed(IVectorStore vectors, TenantId tenant)
{
    var embedder = new DirectEmbedder();
    await vectors.Answer(tenant, HashedEmbedder.Id, default);
    while (await vectors.Lacking(tenant, HashedEmbedder.Id, 256, default) is { Count: > 0 } lacking)
    {
        var made = await embedder.Embed([.. lacking.Select(EmbeddedText.Of)], default);
        await vectors.Keep(tenant, HashedEmbedder.Id, [.. lacking.Zip(made.Vectors, (text, vector) => new ChunkVector(text.ChunkId, vector))], default);
    }
    return true;
}

static LogEntry Entry(int number, string text)
{
    var payload = Encoding.UTF8.GetBytes($$"""{"text":"{{text}}"}""");
    return new LogEntry(number, EntryType.Record, "passages", Passages.Key(number), 1, RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload), DateTimeOffset.UnixEpoch, "bench", 0);
}

static void Rate(string name, int count, TimeSpan took) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-34}{count / took.TotalSeconds,10:F0}/s in {took.TotalSeconds:F1} s"));

static async Task<TimeSpan> Timed<T>(Func<Task<T>> work)
{
    var clock = Stopwatch.StartNew();
    await work();
    return clock.Elapsed;
}

static void Show(string name, TimeSpan first, List<double> times)
{
    times.Sort();
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-34}p50 {times[times.Count / 2],7:F2} ms  p95 {times[times.Count * 95 / 100],7:F2} ms  first {first.TotalMilliseconds,7:F1} ms  memory {Memory(),5} MiB"));
}

static long Memory()
{
    GC.Collect();
    using var process = Process.GetCurrentProcess();
    return process.WorkingSet64 >> 20;
}

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

string? Option(string name) => Array.IndexOf(args, name) is var at and >= 0 && at + 1 < args.Length ? args[at + 1] : null;
