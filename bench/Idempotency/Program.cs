using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sophia.Bench;
using Sophia.Hosting;
using Sophia.Resilience;
using Sophia.Security;
using Sophia.Servers;
using Sophia.Tenants;

// sophia bench idempotency [--seconds N] [--store sqlite|postgres] [--silos N] [--scratch FOLDER] [--only TURN] [--where] [--json]: operations a second over the runtime that was asked for and its store, beside one fsync after the other and PostgreSQL's ON CONFLICT, in one run.
// An operation claims a key and stores an answer of 256 bytes; in "mixed" one in five is a repetition that reads the answer back, which is checked. With --only "mixed, 64 callers" nothing else is done; with --where it also says what the store's commits came to in each turn.
// With --silos 4 (Orleans alone) grains and store are those of a local cluster: so many silo processes over PostgreSQL, and the callers in a front end.
var json = args.Contains("--json");
var time = TimeSpan.FromSeconds(double.Parse(Option("--seconds") ?? "4", CultureInfo.InvariantCulture));
var scratch = Directory.CreateDirectory(Option("--scratch") ?? Path.Combine("var", "bench-idempotency")).FullName;
var folder = Path.Combine(scratch, "data");
var only = Option("--only");
var silos = int.Parse(Option("--silos") ?? "0", CultureInfo.InvariantCulture);
if (silos > 0 && !SiloRuntime.IsOrleans)
    throw new InvalidOperationException("Several processes are a cluster, which is Orleans' (--runtime Orleans).");
Note($"{SiloRuntime.Name}, {(silos > 0 ? $"{silos} silo processes, PostgreSQL" : Option("--store") == "postgres" ? "PostgreSQL" : "SQLite")}, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
Measured? postgres = null;
if (only is null && Floor.SyncsASecond(scratch, time) is var disk)
    Report("4 KB append and fsync, one after the other", new Measured(disk, 1 / disk, 1 / disk), null);
if (PostgresServer.Missing is { } missing)
    Note($"Beside PostgreSQL: skipped, {missing}.");
else if (only is null)
    await Beside();

if (silos > 0)
{
    await using var cluster = await LocalSilos.Up(silos);
    await Measure(cluster.Services.GetRequiredService<IIdempotent>());
}
else
{
    using var database = Option("--store") == "postgres" ? new ScratchDatabase(server: PostgresServer.Durable) : null;
    await using var sophia = await RunningSophia.Start(new SophiaOptions { DataFolder = folder, Url = "http://127.0.0.1:0", LogLevel = LogLevel.Error, Postgres = database?.Silo, PostgresOwner = database?.Owner }, announce: false);
    await Measure(sophia.Services.GetRequiredService<IIdempotent>());
}
if (PostgresServer.Missing is null && only is null)
    await Beside();
if (Directory.Exists(folder))
    Directory.Delete(folder, recursive: true);

// Before and after, so that a machine that others use is met twice; the better one counts.
async Task Beside()
{
    var measured = await OnConflict.Run(PostgresServer.Durable, 64, time);
    Report("PostgreSQL ON CONFLICT, mixed, 64 callers", measured, null);
    postgres = postgres is { } before && before.PerSecond > measured.PerSecond ? before : measured;
}

async Task Measure(IIdempotent idempotent)
{
    await Loop.Warm(64, (caller, i) => Operation(idempotent, Tenant(caller, 1), $"jit-{caller}-{i}", false));
    foreach (var (callers, tenants) in new[] { (64, 1), (64, 8), (512, 1), (512, 8) })
    {
        var run = $"{callers}-{tenants}-{Guid.NewGuid():n}";
        var of = tenants == 1 ? "" : $", {tenants} tenants";
        await Turn($"claim and store, {callers} callers{of}", $"replay, {callers} callers{of}", callers, (caller, i) => Operation(idempotent, Tenant(caller, tenants), $"new-{run}-{caller}-{i}", false));
        await Turn($"mixed, {callers} callers{of}", null, callers, (caller, i) => Operation(idempotent, Tenant(caller, tenants), $"mix-{run}-{caller}-{(i % 5 == 4 ? i - 1 : i)}", i % 5 == 4));
        await Turn($"replay, {callers} callers{of}", null, callers, (caller, i) => Operation(idempotent, Tenant(caller, tenants), $"new-{run}-{caller}-{i % 3}", true));
    }
}

async Task Turn(string name, string? before, int callers, Func<int, int, Task> ask)
{
    if (only is not null && only != name && only != before)
        return;
    using var where = new Where();
    var measured = await Loop.Run(callers, time, ask);
    Report(name, measured, name.StartsWith("mixed", StringComparison.Ordinal) ? postgres : null);
    if (args.Contains("--where"))
        Note($"    {where.Of(measured.PerSecond)}");
}

static TenantId Tenant(int caller, int tenants) => TenantId.Parse($"bench-{caller % tenants}");

static async Task Operation(IIdempotent idempotent, TenantId tenant, string key, bool isRepeated)
{
    using var _ = CallerContext.For(tenant);
    var answer = await idempotent.Once(tenant, key, "fingerprint", TimeSpan.FromSeconds(30), static _ => Task.FromResult<IdempotentOutcome?>(new IdempotentOutcome(200, [], new byte[256])));
    if (answer is not OnceAnswer.Done done || done.Replayed != isRepeated || done.Outcome.Body.Length != 256)
        throw new InvalidOperationException($"{key} was answered with {answer}.");
}

void Report(string bench, Measured measured, Measured? beside)
{
    if (json)
        Console.WriteLine(JsonSerializer.Serialize(new { bench, figure = Math.Round(measured.PerSecond), unit = "operations/s", p50Ms = Math.Round(measured.P50 * 1_000, 2), p99Ms = Math.Round(measured.P99 * 1_000, 2), baseline = beside is { } b ? Math.Round(b.PerSecond) : (double?)null, ratio = beside is { } c ? Math.Round(measured.PerSecond / c.PerSecond, 2) : (double?)null }));
    else
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{bench,-44} {measured.PerSecond,10:N0} operations/s   p50 {measured.P50 * 1_000,7:0.00} ms   p99 {measured.P99 * 1_000,7:0.00} ms{(beside is { } b ? $"   {measured.PerSecond / b.PerSecond:0.00} of PostgreSQL" : "")}"));
}

void Note(string sentence)
{
    if (!json)
        Console.WriteLine(sentence);
}

string? Option(string name) => Array.IndexOf(args, name) is var at and >= 0 && at + 1 < args.Length ? args[at + 1] : null;
