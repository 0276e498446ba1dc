using System.Diagnostics;
using Sophia.Log;
using Sophia.Postgres;
using Sophia.Servers;
using Sophia.Tenants;

namespace Sophia.Bench;

/// <summary>Rows ready made into the log over PostgreSQL, in lanes as a pipeline has them: deduplication, heads, fences and checkpoints, without reader and gate.</summary>
internal static class LogAlone
{
    private static readonly TenantId Tenant = TenantId.Parse("acme");

    public static async Task<Measured> Run(PostgresServer server, IReadOnlyList<IEnumerable<LineBatch>> lanes)
    {
        using var scratch = new ScratchDatabase(server: server);
        await using var database = PostgresDatabase.Open(scratch.Options, TimeProvider.System);
        var log = new PostgresLogStore(database);
        var clock = Stopwatch.StartNew();
        var rows = await Task.WhenAll(lanes.Select((batches, number) => Task.Run(() => Lane(log, $"lane-{number}", batches))));
        return new Measured(rows.Sum(), rows.Sum(), clock.Elapsed);
    }

    private static async Task<long> Lane(PostgresLogStore log, string owner, IEnumerable<LineBatch> batches)
    {
        var fence = await log.Acquire(Tenant, owner, default);
        long rows = 0;
        foreach (var batch in batches)
            using (batch)
            {
                var entries = new NewEntry[batch.Count];
                for (var i = 0; i < entries.Length; i++)
                    entries[i] = new NewEntry(EntryType.Record, "contacts", System.Text.Encoding.UTF8.GetString(batch.KeyOf(i).Span), RecordOperation.Upsert, batch[i], EntryHash.Of(RecordOperation.Upsert, batch[i].Span), owner);
                rows += entries.Length;
                var appended = new AppendBatch { Fence = fence, At = DateTimeOffset.UnixEpoch, Run = "bench", Entries = entries, Checkpoints = [new CheckpointWrite("crm", owner, $"{rows}")] };
                fence = ((AppendOutcome.Committed)await log.Append(Tenant, appended, default)).Next;
            }
        return rows;
    }
}
