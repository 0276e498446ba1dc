using System.Globalization;
using System.Text.Json;
using Sophia.Bench;
using Sophia.Hosting;
using Sophia.Resilience;

// sophia bench isolation [--rounds N] [--seconds N] [--rate N] [--callers N] [--only KIND] [--open] [--work N] [--json]: one tenant floods searches, questions and signed deliveries over real HTTP at a rate of its own, whatever it is answered;
// what another tenant waits for its own, beside what it waits without the flood. Both tenants' callers are processes of their own, so that nobody waits for a thread or a collection of theirs; what each process costs is told.
// SeenWindows with and without the flood take turns, each first every other time, and the next begins when the flood's records are searchable: drift of the machine and work left behind meet both. --open takes the bulkheads away, --work gives a tenant so many places for what keeps a core busy.
if (args is ["--caller"])
    return await Caller.Run();
var json = args.Contains("--json");
var rounds = (int)Number("--rounds", 5);
var rate = Number("--rate", 400);
var callers = (int)Number("--callers", 256);
var within = TimeSpan.FromSeconds(Number("--seconds", 10));
var work = (int)Number("--work", 0);
var isOpen = args.Contains("--open");
string[] flooded = Array.IndexOf(args, "--only") is var only and >= 0 && only + 1 < args.Length ? [args[only + 1]] : BenchTenant.Kinds;
var folder = Path.Combine(Path.GetTempPath(), $"sophia-isolation-{Guid.NewGuid():n}");
try
{
    await using var sophia = await RunningSophia.Start(new SophiaOptions { DataFolder = folder, Url = "http://127.0.0.1:0", LogLevel = Microsoft.Extensions.Logging.LogLevel.Error }, announce: false,
        builder => builder.Services.AddPolicies(bounds: bounds => bounds.Default = isOpen ? Open() : work > 0 ? bounds.Default with { Work = bounds.Default.Work with { Places = work } } : bounds.Default));
    await using var quiet = await CallerProcess.Start(await BenchTenant.Make(sophia, "quiet"));
    await using var flood = await CallerProcess.Start(await BenchTenant.Make(sophia, "flood"));
    Say($"{SiloRuntime.Name}, {Environment.ProcessorCount} cores, load {Load()} at the start, bulkheads {(isOpen ? "open" : "as shipped")}, {rounds} rounds of twice {within.TotalSeconds:0} s; the flood: {string.Join(", ", flooded)}, {rate:0} calls a second of each, at most {callers} of each unanswered");
    var seen = new SeenWindows();
    await Pair(new SeenWindows(), floodFirst: false, TimeSpan.FromSeconds(5)); // Warms both sides up, and does not count.
    for (var round = 0; round < rounds; round++)
        await Pair(seen, floodFirst: round % 2 == 1, within);
    foreach (var kind in BenchTenant.Kinds)
    {
        var (alone, beside, ratios) = seen.Of(kind);
        Console.WriteLine(json ? JsonSerializer.Serialize(new { bench = $"isolation {kind}", figure = Math.Round(beside, 2), unit = "ms p95", baseline = Math.Round(alone, 2), ratio = Math.Round(SeenWindows.Median(ratios), 2) })
            : Line($"{kind,-7} p95 alone {alone,7:0.0} ms, beside the flood {beside,7:0.0} ms, {SeenWindows.Median(ratios):0.00} times (rounds {string.Join(", ", ratios.Select(one => Line($"{one:0.00}")))}); medians {seen.Typical(kind)}"));
    }
    foreach (var line in seen.Said())
        Say(line);
    Say($"load {Load()} at the end");

    async Task Pair(SeenWindows into, bool floodFirst, TimeSpan length)
    {
        foreach (var floods in new[] { floodFirst, !floodFirst })
        {
            if (floods)
                await flood.Flood(flooded, rate, callers);
            var watch = ServerWatch.Begin();
            var waits = await quiet.Waits(length);
            var cost = watch.End();
            into.Add(floods, waits, cost, floods ? await flood.Stop() : null);
            if (floods)
                await flood.IsSearchable();
        }
    }
}
finally
{
    if (Directory.Exists(folder))
        Directory.Delete(folder, recursive: true);
}
return 0;

static TenantBounds Open()
{
    var open = new BulkheadBound(100_000, 0, TimeSpan.Zero);
    return new TenantBounds { Search = open, Ask = open, Ingest = open, Export = open, Batches = open, Work = open };
}

static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";

static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

void Say(FormattableString text)
{
    if (!json)
        Console.WriteLine(Line(text));
}

double Number(string name, double usual) => Array.IndexOf(args, name) is var at and >= 0 && at + 1 < args.Length ? double.Parse(args[at + 1], CultureInfo.InvariantCulture) : usual;
