using Sophia.Servers;

namespace Sophia.Bench;

/// <summary>The product's way in with its log in PostgreSQL, beside Npgsql's binary COPY of the same rows, in the same run on one server that waits for the disk.</summary>
internal static class PostgresBench
{
    public static async Task Run(string scratch, int rows, int lanes, int batchRows, Report report)
    {
        if (PostgresServer.Missing is { } missing)
        {
            Console.Error.WriteLine($"There is {missing}.");
            return;
        }
        var server = PostgresServer.Durable;
        using (var small = new CrmFolder(scratch, 50_000, lanes, sorted: false, halfDuplicates: false))
            for (var round = 0; round < 3; round++)
            {
                await Product(server, scratch, small);
                PlainPostgres.Copy(server, small.Batches(batchRows), unique: true);
            }
        foreach (var sorted in (bool[])[true, false])
        {
            var name = sorted ? "sorted" : "random";
            using (var contacts = new CrmFolder(scratch, rows, lanes, sorted, halfDuplicates: false))
            {
                var unique = PlainPostgres.Copy(server, contacts.Batches(batchRows), unique: true);
                var ours = await Product(server, scratch, contacts);
                var alone = await LogAlone.Run(server, [.. Enumerable.Range(0, lanes).Select(lane => contacts.Batches(batchRows, lane))]);
                var heap = PlainPostgres.Copy(server, contacts.Batches(batchRows), unique: false);
                report.Row($"{name} / COPY, unique key", ours.PerSecond, unique.PerSecond);
                report.Row($"{name}, log alone / COPY, unique key", alone.PerSecond, unique.PerSecond);
                report.Row($"{name} / COPY, bare heap", ours.PerSecond, heap.PerSecond);
            }
            using (var contacts = new CrmFolder(scratch, rows, lanes, sorted, halfDuplicates: true))
                report.Row($"{name} half duplicates", (await Product(server, scratch, contacts)).PerSecond, null);
        }
        await SmallAppends.Run(server, report);
        report.Line("Ours: a pipeline's run with reader, gate, hashes, deduplication, checkpoints. Baseline: the same rows ready made, COPY in transactions of as many rows, reading not counted.");
    }

    private static async Task<Measured> Product(PostgresServer server, string scratch, CrmFolder contacts)
    {
        using var database = new ScratchDatabase(server: server);
        var folder = Directory.CreateDirectory(Path.Combine(scratch, "run")).FullName;
        try
        {
            return await ProductIngest.Run(folder, contacts, postgres => postgres.Connection = database.Silo);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
