using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Bench;

/// <summary>How long the last step of an erasure takes: log.db written anew, whatever its size, while its tenant's writers wait. One line for each size.</summary>
internal static class Rewriting
{
    private const int Payload = 2_000;
    private const int Rows = 2_000;
    private static readonly TenantId Tenant = TenantId.Parse("acme");

    public static async Task Run(string scratch, IEnumerable<double> gigabytes)
    {
        foreach (var size in gigabytes)
        {
            var folder = Path.Combine(scratch, "rewrite");
            try
            {
                await Measure(folder, size);
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static async Task Measure(string root, double gigabytes)
    {
        using var folder = DataFolder.Open(root);
        await using var files = new DatabaseFiles(folder, new StorageOptions { DataFolder = root });
        var (log, erasures, path) = (new SqliteLogStore(files), new SqliteErasureStore(files), folder.PathOf(Tenant, "log.db"));
        var (fence, random, clock, batches) = (await log.Acquire(Tenant, "bench", default), new Random(1), Stopwatch.StartNew(), 0);
        while (!File.Exists(path) || new FileInfo(path).Length < gigabytes * (1 << 30))
            fence = ((AppendOutcome.Committed)await log.Append(Tenant, new AppendBatch { Fence = fence, At = DateTimeOffset.UnixEpoch, Entries = [.. Entries(batches++, random)] }, default)).Next;
        var filled = clock.Elapsed;
        clock.Restart();
        var peak = 0L;
        using (var stop = new CancellationTokenSource())
        {
            var watching = Watch(root, most => peak = Math.Max(peak, most), stop.Token);
            await erasures.Scrub(Tenant, default);
            await stop.CancelAsync();
            await watching;
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"log.db of {new FileInfo(path).Length / 1e9:0.00} GB, {batches * Rows} rows: filled in {filled.TotalSeconds:0} s, written anew in {clock.Elapsed.TotalSeconds:0.0} s; its folder was at most {peak / 1e9:0.00} GB"));
    }

    private static IEnumerable<NewEntry> Entries(int batch, Random random)
    {
        for (var i = 0; i < Rows; i++)
        {
            var payload = new byte[Payload];
            random.NextBytes(payload);
            yield return new NewEntry(EntryType.Record, "contacts", Convert.ToHexString(SHA256.HashData(BitConverter.GetBytes(batch * Rows + i)), 0, 12), RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload));
        }
    }

    private static async Task Watch(string root, Action<long> seen, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
                seen(Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Sum(static path => new FileInfo(path) is { Exists: true } file ? file.Length : 0));
        }
        catch (OperationCanceledException)
        {
            // Measured.
        }
    }
}
