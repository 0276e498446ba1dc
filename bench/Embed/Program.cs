using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sophia.Bench;
using Sophia.Knowledge;
using Sophia.Resilience;
using Sophia.Tenants;

// Texts a second, texts in a request and how long a text takes: gathered on the silo, each text by itself, and in big requests as an ideal caller would send them.
var json = args.Contains("--json");
var duration = TimeSpan.FromSeconds(Number("--seconds", 3));
var (perRequest, perText) = (TimeSpan.FromMilliseconds(Number("--request-ms", 5)), TimeSpan.FromMilliseconds(Number("--text-ms", 0.1)));
const int Tenants = 8, BigRequest = 64;
var rounds = 0;

Hashed();
await using var model = await StandInModel.Start(perRequest, perText);
using var embedder = new OpenAiEmbedder(
    new EmbeddingModelOptions { Primary = new EmbeddingEndpoint(model.Url, null), Model = "stand-in" }, TimeProvider.System, Patient(), NullLogger<OpenAiEmbedder>.Instance);
foreach (var callers in new[] { 1, 16, 256 })
{
    using var batcher = new MicroBatcher(embedder, Options.Create(new MicroBatchingOptions()), TimeProvider.System, NullLogger<MicroBatcher>.Instance);
    await batcher.StartAsync(default);
    await Measure("gathered", callers, 1, (caller, texts) => batcher.Embed(TenantId.Parse($"tenant-{caller % Tenants}"), texts, default));
    await batcher.StopAsync(default);
    await Measure("each by itself", callers, 1, (_, texts) => embedder.GenerateAsync(texts));
}
await Measure("big requests", 4, BigRequest, (_, texts) => embedder.GenerateAsync(texts));
foreach (var repeated in new[] { 0, 0.5, 0.9 })
    await Remembered(repeated);

// What remembering is worth: of the texts so many were asked for before, in calls of 64 as an index makes them.
async Task Remembered(double share)
{
    using var meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
    using var batcher = new MicroBatcher(embedder, Options.Create(new MicroBatchingOptions()), TimeProvider.System, NullLogger<MicroBatcher>.Instance);
    var cache = new KnowledgeCache(Options.Create(new CacheOptions()), [], new CacheMeter(meters.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>()), TimeProvider.System, NullLogger<KnowledgeCache>.Instance);
    var remembering = new RememberedEmbedding(batcher, cache, Options.Create(new MicroBatchingOptions()));
    await batcher.StartAsync(default);
    await Measure(string.Create(CultureInfo.InvariantCulture, $"{share:P0} known"), Tenants, BigRequest, (caller, texts) => remembering.Embed(TenantId.Parse($"tenant-{caller}"), Known(texts, share), default));
    await batcher.StopAsync(default);
}

static string[] Known(string[] texts, double share)
{
    for (var i = 0; i < texts.Length * share; i++)
        texts[i] = $"known {i}: {Sample}";
    return texts;
}

async Task Measure(string way, int callers, int textsOfCall, Func<int, string[], Task> embed)
{
    await Loop(TimeSpan.FromMilliseconds(500));
    model.Reset();
    var clock = Stopwatch.StartNew();
    var times = (await Loop(duration)).Order().ToArray();
    var seconds = clock.Elapsed.TotalSeconds;
    var (rate, fill, p50, p95) = (times.Length * textsOfCall / seconds, model.Texts / (double)model.Requests, times[times.Length / 2], times[times.Length * 95 / 100]);
    Console.WriteLine(json
        ? JsonSerializer.Serialize(new { bench = $"{way}, {callers} callers", figure = Math.Round(rate), unit = "texts/s", fill = Math.Round(fill, 1), p50Ms = Math.Round(p50, 1), p95Ms = Math.Round(p95, 1) })
        : string.Create(CultureInfo.InvariantCulture, $"{way,-16} {callers,4} callers {rate,9:N0} texts/s {fill,6:0.0} texts a request   p50 {p50,7:0.0} ms   p95 {p95,7:0.0} ms"));

    async Task<IEnumerable<double>> Loop(TimeSpan time)
    {
        var round = ++rounds; // What was asked to warm up is not asked again.
        var until = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        return (await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var own = new List<double>();
            for (var number = 0; Stopwatch.GetTimestamp() < until; number++)
            {
                var texts = Enumerable.Range(0, textsOfCall).Select(i => $"caller {caller} says number {number} of {i} in round {round}: {Sample}").ToArray();
                var began = Stopwatch.GetTimestamp();
                await embed(caller, texts);
                own.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
            return own;
        })))).SelectMany(own => own);
    }
}

void Hashed()
{
    var (hashed, vector, texts, clock) = (new HashedWords(), new float[HashedWords.Dimensions], 0, Stopwatch.StartNew());
    for (; clock.Elapsed < duration; texts++)
        hashed.Write($"{texts} {Sample}", vector);
    var rate = texts / clock.Elapsed.TotalSeconds;
    Console.WriteLine(json ? JsonSerializer.Serialize(new { bench = "built-in, one core", figure = Math.Round(rate), unit = "texts/s" })
        : string.Create(CultureInfo.InvariantCulture, $"built-in, one core    {rate,9:N0} texts/s of {Sample.Length} characters"));
}

// As many at a time as ask: what is measured is the embedder, not what is kept from it.
static LonePolicies Patient()
{
    var options = new PoliciesOptions();
    options.Dependencies[PolicyNames.Embedding] = new PolicyOptions { AttemptWithin = TimeSpan.FromSeconds(60), Within = TimeSpan.FromSeconds(60), MostAtOnce = 10_000 };
    return new LonePolicies(options, new Random(1), TimeProvider.System);
}

double Number(string option, double otherwise) =>
    double.TryParse(args.SkipWhile(arg => arg != option).Skip(1).FirstOrDefault(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : otherwise;

internal sealed partial class Program
{
    /// <summary>A passage as the index has it.</summary>
    private static readonly string Sample = string.Join(' ', Enumerable.Range(0, 12).Select(i =>
        $"In week {i} the group agreed that remote controls with fewer buttons sell better, and asked Marketing to bring prices of rubber and titanium to the next meeting."));
}
