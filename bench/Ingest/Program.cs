using System.Diagnostics;
using Sophia.Bench;
using Sophia.Operations;
using Sophia.Sqlite;

// sophia bench ingest [--rows N] [--json] [--scratch FOLDER]: records a second into the log, beside plain SQLite and bare parsing.
var rows = int.Parse(Option("--rows") ?? "1000000", System.Globalization.CultureInfo.InvariantCulture);
var lanes = Math.Clamp(Environment.ProcessorCount, 1, 8);
var scratch = Directory.CreateDirectory(Option("--scratch") ?? Path.Combine("var", "bench-ingest")).FullName;
var report = new Report(args.Contains("--json"));
const int BatchRows = 5_000;
var options = new StorageOptions();

// Both are warmed up on a small file before anything is measured.
var small = CrmFile.Make(scratch, 50_000, sorted: false);
for (var round = 0; round < 2; round++)
{
    await In(scratch, folder => Task.FromResult(PlainSqlite.Run(folder, small.Batches(0, 1, BatchRows), options)));
    await In(scratch, folder => LogIngest.Run(folder, [[() => small.Batches(0, 1, BatchRows)]], options));
}

foreach (var sorted in (bool[])[true, false])
{
    var file = CrmFile.Make(scratch, rows, sorted);
    foreach (var halfDuplicates in (bool[])[false, true])
    {
        // Half duplicates: the first half of the file, twice.
        var share = halfDuplicates ? 0.5 : 1.0;
        var passes = halfDuplicates ? 2 : 1;
        var plain = await In(scratch, folder => Task.FromResult(PlainSqlite.Run(folder, Enumerable.Range(0, passes).SelectMany(_ => file.Batches(0, share, BatchRows)), options)));
        var lane = Enumerable.Range(0, lanes).Select(i => (Func<IEnumerable<LineBatch>>)(() => file.Batches(share * i / lanes, share * (i + 1) / lanes, BatchRows))).ToList();
        var ours = await In(scratch, folder => LogIngest.Run(folder, [.. Enumerable.Repeat(lane, passes)], options));
        if (ours.New != plain.New)
            throw new InvalidOperationException($"The log stored {ours.New} rows, the table {plain.New}.");
        report.Row($"ingest {(sorted ? "sorted" : "random")} {(halfDuplicates ? "half duplicates" : "all new")}", ours.PerSecond, plain.PerSecond);
    }
    if (sorted)
        report.Row("bare JSON parsing, one thread", Parse(file).PerSecond, null);
}
report.End(SqliteLibrary.Version);

static Measured Parse(CrmFile file)
{
    var clock = new Stopwatch();
    long tokens = 0;
    foreach (var batch in file.Batches(0, 1, BatchRows))
        using (batch)
        {
            clock.Start();
            for (var i = 0; i < batch.Count; i++)
                tokens += RecordCheck.Tokens(batch[i].Span);
            clock.Stop();
        }
    return new Measured(file.Rows, tokens, clock.Elapsed);
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
