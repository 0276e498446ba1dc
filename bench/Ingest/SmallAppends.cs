using System.Diagnostics;
using System.Globalization;
using Sophia.Log;
using Sophia.Postgres;
using Sophia.Servers;
using Sophia.Tenants;

namespace Sophia.Bench;

/// <summary>Many tenants append one small row each, again and again: how many of them share a flush decides. Measured over PostgreSQL's commit_delay.</summary>
internal static class SmallAppends
{
    private const int Tenants = 24;
    private const int Each = 100;

    public static async Task Run(PostgresServer server, Report report)
    {
        double? undelayed = null;
        foreach (var delay in (int[])[0, 50, 200, 1_000])
        {
            // Best of two: each point takes a second, and a machine shared with others has bad seconds.
            var measured = Math.Max((await Measure(server, delay)).PerSecond, (await Measure(server, delay)).PerSecond);
            report.Row($"{Tenants} tenants, commit_delay {delay}", measured, undelayed);
            undelayed ??= measured;
        }
    }

    private static async Task<Measured> Measure(PostgresServer server, int delay)
    {
        using var scratch = new ScratchDatabase(server: server);
        ScratchDatabase.Execute(scratch.Superuser, string.Create(CultureInfo.InvariantCulture, $"ALTER ROLE {ScratchDatabase.SiloRole} SET commit_delay = {delay}"));
        await using var database = PostgresDatabase.Open(scratch.Options, TimeProvider.System);
        var log = new PostgresLogStore(database);
        var fences = await Task.WhenAll(Enumerable.Range(0, Tenants).Select(i => log.Acquire(TenantId.Parse($"tenant-{i}"), "lane", default)));
        await Task.WhenAll(fences.Select((fence, tenant) => Append(log, tenant, fence, 10)));
        fences = await Task.WhenAll(Enumerable.Range(0, Tenants).Select(i => log.Acquire(TenantId.Parse($"tenant-{i}"), "lane", default)));
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(fences.Select((fence, tenant) => Append(log, tenant, fence, Each)));
        return new Measured(Tenants * Each, Tenants * Each, clock.Elapsed);
    }

    private static async Task Append(PostgresLogStore log, int tenant, Fence fence, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var payload = BitConverter.GetBytes(fence.Position);
            var entry = new NewEntry(EntryType.Record, "contacts", $"{i}", RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload));
            fence = ((AppendOutcome.Committed)await log.Append(TenantId.Parse($"tenant-{tenant}"), new AppendBatch { Fence = fence, At = DateTimeOffset.UnixEpoch, Entries = [entry] }, default)).Next;
        }
    }
}
