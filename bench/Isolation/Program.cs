using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Bench;
using Sophia.Hosting;
using Sophia.Resilience;

// sophia bench isolation [--rounds N] [--seconds N] [--callers N] [--open] [--json]: one tenant floods searches, questions and signed deliveries over real HTTP and comes back at once when it is refused; what another tenant waits
// for its own, beside what it waits without the flood. --open takes the bulkheads away. Server and both tenants share this machine, so the flood's own requests cost cores, too.
var json = args.Contains("--json");
var rounds = (int)Number("--rounds", 3);
var callers = (int)Number("--callers", 32);
var within = TimeSpan.FromSeconds(Number("--seconds", 10));
var isOpen = args.Contains("--open");
var folder = Path.Combine(Path.GetTempPath(), $"sophia-isolation-{Guid.NewGuid():n}");
try
{
    await using var sophia = await RunningSophia.Start(new SophiaOptions { DataFolder = folder, Url = "http://127.0.0.1:0", LogLevel = Microsoft.Extensions.Logging.LogLevel.Error }, announce: false,
        builder => builder.Services.AddPolicies(bounds: bounds => bounds.Default = isOpen ? Open() : bounds.Default));
    await using var quiet = await BenchTenant.Make(sophia, "quiet");
    await using var flood = await BenchTenant.Make(sophia, "flood");
    if (!json)
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{SiloRuntime.Name}, {Environment.ProcessorCount} cores, load {Load()} at the start, {callers} callers of the flood for each kind, bulkheads {(isOpen ? "open" : "as shipped")}, {rounds} rounds of twice {within.TotalSeconds:0} s"));
    var ratios = BenchTenant.Kinds.ToDictionary(kind => kind, _ => new List<(double Alone, double Flooded)>());
    var (done, refused) = (0L, 0L);
    await quiet.Waits(TimeSpan.FromSeconds(2)); // Warms up, and does not count.
    for (var round = 0; round < rounds; round++)
    {
        var alone = await quiet.Waits(within);
        using var stop = new CancellationTokenSource();
        var flooding = flood.Flood(callers, stop.Token);
        await flood.IsFlooding();
        var flooded = await quiet.Waits(within);
        await stop.CancelAsync();
        var (took, refusals) = await flooding;
        (done, refused) = (done + took, refused + refusals);
        foreach (var kind in BenchTenant.Kinds)
            ratios[kind].Add((P95(alone[kind]), P95(flooded[kind])));
    }
    foreach (var (kind, seen) in ratios)
    {
        var (alone, flooded, ratio) = (Median(seen.Select(one => one.Alone)), Median(seen.Select(one => one.Flooded)), Median(seen.Select(one => one.Flooded / one.Alone)));
        Console.WriteLine(json ? JsonSerializer.Serialize(new { bench = $"isolation {kind}", figure = Math.Round(flooded, 2), unit = "ms p95", baseline = Math.Round(alone, 2), ratio = Math.Round(ratio, 2) })
            : string.Create(CultureInfo.InvariantCulture, $"{kind,-10} p95 alone {alone,8:0.0} ms, beside the flood {flooded,8:0.0} ms, {ratio:0.00} times (rounds {string.Join(", ", seen.Select(one => (one.Flooded / one.Alone).ToString("0.00", CultureInfo.InvariantCulture)))})"));
    }
    if (!json)
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"the flood: {done / (within.TotalSeconds * rounds):N0} answered and {refused / (within.TotalSeconds * rounds):N0} refused a second; load {Load()} at the end"));
}
finally
{
    if (Directory.Exists(folder))
        Directory.Delete(folder, recursive: true);
}

static TenantBounds Open()
{
    var open = new BulkheadBound(100_000, 0, TimeSpan.Zero);
    return new TenantBounds { Search = open, Ask = open, Ingest = open, Export = open, Batches = open };
}

static double P95(List<double> waits)
{
    var sorted = waits.Order().ToList();
    return sorted[Math.Min(sorted.Count - 1, (int)Math.Ceiling(sorted.Count * 0.95) - 1)];
}

static double Median(IEnumerable<double> values)
{
    var sorted = values.Order().ToList();
    return sorted[sorted.Count / 2];
}

static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";

double Number(string name, double usual) => Array.IndexOf(args, name) is var at and >= 0 && at + 1 < args.Length ? double.Parse(args[at + 1], CultureInfo.InvariantCulture) : usual;
