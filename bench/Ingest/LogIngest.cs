using System.Diagnostics;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Bench;

/// <summary>Rows through validation, deduplication and durable append, in lanes as a pipeline has them: each reads, checks, appends, and waits for the disk.</summary>
internal static class LogIngest
{
    private static readonly TenantId Tenant = TenantId.Parse("acme");
    private static readonly DateTimeOffset At = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <param name="passes">Each pass is one share of the file for every lane; a later pass begins when the one before it is stored.</param>
    public static async Task<Measured> Run(string folder, IReadOnlyList<IReadOnlyList<Func<IEnumerable<LineBatch>>>> passes, StorageOptions options)
    {
        using var data = DataFolder.Open(folder);
        await using var files = new DatabaseFiles(data, options);
        var log = new SqliteLogStore(files);
        var clock = Stopwatch.StartNew();
        long rows = 0;
        long stored = 0;
        foreach (var pass in passes)
            await Task.WhenAll(pass.Select((lane, number) => Task.Run(async () =>
            {
                var (laneRows, laneStored) = await Lane(log, $"pipelines/crm/lane-{number}", lane());
                Interlocked.Add(ref rows, laneRows);
                Interlocked.Add(ref stored, laneStored);
            })));
        return new Measured(rows, stored, clock.Elapsed);
    }

    /// <summary>While one batch waits for the disk, the next is read and checked.</summary>
    private static async Task<(long Rows, long Stored)> Lane(ILogStore log, string owner, IEnumerable<LineBatch> batches)
    {
        var fence = await log.Acquire(Tenant, owner, default);
        long rows = 0;
        long stored = 0;
        var under = Task.FromResult<AppendOutcome>(new AppendOutcome.Committed(fence, 0, 0, 0, 0, 0, 0, []));
        LineBatch? before = null;
        foreach (var batch in batches)
        {
            var entries = Entries(batch, owner);
            var done = (AppendOutcome.Committed)await under;
            before?.Dispose();
            (stored, rows, before) = (stored + done.Stored, rows + entries.Length, batch);
            under = log.Append(Tenant, new AppendBatch { Fence = done.Next, At = At, Run = "bench", Entries = entries, Checkpoints = [new CheckpointWrite("crm", owner, $"{rows}")] }, default);
        }
        stored += ((AppendOutcome.Committed)await under).Stored;
        before?.Dispose();
        return (rows, stored);
    }

    private static NewEntry[] Entries(LineBatch batch, string owner)
    {
        var entries = new NewEntry[batch.Count];
        for (var i = 0; i < entries.Length; i++)
        {
            var payload = batch[i];
            var key = RecordCheck.Key(payload.Span) ?? throw new InvalidDataException("the generated record is not valid");
            entries[i] = new NewEntry(EntryType.Record, "contacts", key, RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload.Span), owner);
        }
        return entries;
    }
}
