using System.Diagnostics;
using Sophia.Bench;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Sqlite;

// dotnet run -c Release --project bench/Ingest -- --rewrite "1 4" [--scratch FOLDER]: how long an erasure's last step takes on a log.db of so many GiB.
// sophia bench ingest [--rows N] [--only "sorted half duplicates"] [--json] [--scratch FOLDER] [--store sqlite|postgres]: records a second through the product's way in, beside plain SQLite and bare parsing, or beside COPY.
var rows = int.Parse(Option("--rows") ?? "1000000", System.Globalization.CultureInfo.InvariantCulture);
var lanes = new PipelineOptions().Parallelism;
var scratch = Directory.CreateDirectory(Option("--scratch") ?? Path.Combine("var", "bench-ingest")).FullName;
var report = new Report(args.Contains("--json"));
var batchRows = BatchBudget.Default.MaxRecords;
if (Option("--rewrite") is { } gigabytes)
{
    await Rewriting.Run(scratch, gigabytes.Split(' ').Select(size => double.Parse(size, System.Globalization.CultureInfo.InvariantCulture)));
    return;
}
if (Option("--store") == "postgres")
{
    await PostgresBench.Run(scratch, rows, lanes, batchRows, report);
    return;
}

// Both are warmed up on a small folder before anything is measured: what is timed is compiled code.
using (var small = new CrmFolder(scratch, 50_000, lanes, sorted: false, halfDuplicates: false))
    for (var round = 0; round < 6; round++)
        await Both(small);

foreach (var sorted in (bool[])[true, false])
    foreach (var halfDuplicates in (bool[])[false, true])
    {
        var name = $"ingest {(sorted ? "sorted" : "random")} {(halfDuplicates ? "half duplicates" : "all new")}";
        if (Option("--only") is { } only && only != name["ingest ".Length..])
            continue;
        using var contacts = new CrmFolder(scratch, rows, lanes, sorted, halfDuplicates);
        var (plain, ours) = await Both(contacts);
        report.Row(name, ours.PerSecond, plain.PerSecond);
        if (sorted && !halfDuplicates)
            report.Row($"{name}, transformed", (await In(scratch, folder => ProductIngest.Run(folder, contacts, transformed: true))).PerSecond, plain.PerSecond);
        if (sorted && !halfDuplicates)
            report.Row("bare JSON parsing, one thread", Parse(contacts).PerSecond, null);
    }
report.End(SqliteLibrary.Version);

async Task<(Measured Plain, Measured Ours)> Both(CrmFolder contacts)
{
    var plain = await In(scratch, folder => Task.FromResult(PlainSqlite.Run(folder, contacts.Batches(batchRows), new StorageOptions())));
    var ours = await In(scratch, folder => ProductIngest.Run(folder, contacts));
    if (plain.New != contacts.Distinct || ours.New != contacts.Distinct - contacts.Wrong / (contacts.Rows / contacts.Distinct))
        throw new InvalidOperationException($"The log stored {ours.New} rows, the table {plain.New} of {contacts.Distinct}.");
    return (plain, ours);
}

Measured Parse(CrmFolder contacts)
{
    var clock = new Stopwatch();
    long tokens = 0;
    foreach (var batch in contacts.Batches(batchRows))
        using (batch)
        {
            clock.Start();
            for (var i = 0; i < batch.Count; i++)
                tokens += batch.TokensOf(i);
            clock.Stop();
        }
    return new Measured(contacts.Rows, tokens, clock.Elapsed);
}

static async Task<Measured> In(string scratch, Func<string, Task<Measured>> run)
{
    var folder = Directory.CreateDirectory(Path.Combine(scratch, "run")).FullName;
    try
    {
        return await run(folder);
    }
    finally
    {
        Directory.Delete(folder, recursive: true);
    }
}

string? Option(string name) => Array.IndexOf(args, name) is var at and >= 0 && at + 1 < args.Length ? args[at + 1] : null;
