using System.Globalization;
using System.Text.Json;
using Sophia.Bench;
using Sophia.Hosting;
using Sophia.Queues;
using Sophia.Servers;

// sophia bench queue [--jobs N] [--rounds N] [--producers N] [--places N] [--store sqlite|postgres] [--silos N] [--tenants N] [--scratch FOLDER] [--json]: jobs of 1,000 bytes a second, each durable before its producer goes on,
// leased under a durable lease and ended by a durable end: put in alone, drained from a full queue, and both at once. Beside it, in the same run, PostgreSQL's SKIP LOCKED where a server is there, and what the disk itself syncs.
// With --fairness, instead: how fairly a thousand tenants are served, counted in service times.
// With --silos 4 (Orleans alone) it is the queue of a local cluster: so many silo processes over PostgreSQL, and who puts in, leases and ends is in a front end.
var json = args.Contains("--json");
var jobs = (int)Number("--jobs", 10_000);
var rounds = (int)Number("--rounds", 3);
var producers = (int)Number("--producers", 64);
var places = (int)Number("--places", 64);
var postgres = Option("--store") == "postgres";
var scratch = Directory.CreateDirectory(Option("--scratch") ?? Path.Combine("var", "bench-queue")).FullName;
if (args.Contains("--fairness"))
{
    var alike = await FairQueue.Alike(scratch, 1_000, 40);
    Say("Jain's index of 1,000 tenants, one sends 1,000 times as much", alike.Jain, "at least 0.99");
    Say("the longest that one of them stood aside, in parts of the bound", alike.Aside, "at most 1");
    var weighted = await FairQueue.Weighted(scratch, 50, 200);
    Say("furthest from its weight's share, 50 tenants of weight 1 to 5", weighted.Off, "at most 0.05");
    Say("the longest that one of them stood aside, in parts of the bound", weighted.Aside, "at most 1");
    var alone = await FairQueue.Waits(scratch, 1, false, 1_000, 8);
    Say("p99 wait of a quiet tenant alone, in service times", alone, "");
    Say("the same among 999 quiet ones and a flood", await FairQueue.Waits(scratch, 999, true, 10_000, 999), FormattableString.Invariant($"at most {(2 * alone) + 1:0.##}"));
    return;
}
var server = PostgresServer.Missing is null ? PostgresServer.Durable : null;
if (postgres && server is null)
    throw new InvalidOperationException(PostgresServer.Missing);
var (silos, tenants) = ((int)Number("--silos", 0), (int)Number("--tenants", 1));
if (silos > 0 && !SiloRuntime.IsOrleans)
    throw new InvalidOperationException("Several processes are a cluster, which is Orleans' (--runtime Orleans).");
await using var cluster = silos > 0 ? await LocalSilos.Up(silos) : null;
if (!json)
    Console.WriteLine($"{(silos > 0 ? $"{silos} silo processes, {tenants} tenants" : SiloRuntime.Name)}, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}, {(postgres || silos > 0 ? "PostgreSQL" : "SQLite")}, {jobs:N0} jobs of 1,000 bytes, {producers} producers, {places} workers, medians of {rounds} rounds{(server is null ? $". No PostgreSQL beside it: {PostgresServer.Missing}" : "")}");
var figures = new Dictionary<string, List<double>>();
for (var round = 0; round <= rounds; round++)
{
    // The first round warms up, and does not count.
    Take("disk: 4 kB written and synced", SyncFloor.PerSecond(scratch), round);
    if (cluster is not null)
    {
        var queue = new QueueOfSilos(cluster.Services, tenants);
        Take("put in, one each", await queue.PutIn(jobs, producers, 1), round);
        Take("drained", await queue.Drain(jobs, places, 1), round);
        Take("put in by 100", await queue.PutIn(jobs, producers, 100), round);
        Take("drained by 32", await queue.Drain(jobs / 100 * 100, 16, 32), round);
        Take("put in and done", await queue.Both(jobs, producers), round);
    }
    else
    {
        await using var queue = await SophiaQueue.Start(scratch, postgres ? server : null, places);
        Take("put in, one each", await queue.PutIn(jobs, producers, 1), round);
        Take("drained", await queue.Drain(), round);
        Take("put in by 100", await queue.PutIn(jobs, producers, 100), round);
        await queue.Drain();
        Take("put in and done", await queue.Both(jobs, producers), round);
    }
    if (server is null)
        continue;
    await using var plain = new SkipLocked(server);
    Take("SKIP LOCKED: put in, one each", await plain.PutIn(jobs, producers), round);
    Take("SKIP LOCKED: drained", await plain.Drain(jobs, producers, 1), round);
    await plain.PutIn(jobs, producers);
    Take("SKIP LOCKED: drained by 32", await plain.Drain(jobs, 16, 32), round);
    Take("SKIP LOCKED: put in and done", await plain.Both(jobs, producers), round);
}
foreach (var (name, values) in figures)
{
    var median = values.Order().ElementAt(values.Count / 2);
    double? baseline = figures.TryGetValue($"SKIP LOCKED: {name}", out var beside) ? beside.Order().ElementAt(beside.Count / 2) : null;
    Console.WriteLine(json
        ? JsonSerializer.Serialize(new { bench = $"queue {name}", figure = Math.Round(median), unit = name.StartsWith("disk") ? "syncs/s" : "jobs/s", baseline = baseline is { } b ? Math.Round(b) : (double?)null, ratio = baseline is { } c ? Math.Round(median / c, 2) : (double?)null })
        : string.Create(CultureInfo.InvariantCulture, $"{name,-34}{median,12:N0}{(baseline is { } d ? $"   {median / d:F2} times SKIP LOCKED" : "")}"));
}

void Say(string what, double figure, string aim) => Console.WriteLine(json
    ? JsonSerializer.Serialize(new { bench = $"fairness: {what}", figure = Math.Round(figure, 4), unit = "", aim })
    : string.Create(CultureInfo.InvariantCulture, $"{what,-64}{figure,8:0.####}   {aim}"));

void Take(string name, double perSecond, int round)
{
    if (round == 0)
        return;
    if (!figures.TryGetValue(name, out var values))
        figures[name] = values = [];
    values.Add(perSecond);
}

string? Option(string name) => Array.IndexOf(args, name) is var at and >= 0 && at + 1 < args.Length ? args[at + 1] : null;

double Number(string name, double usual) => Option(name) is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : usual;
