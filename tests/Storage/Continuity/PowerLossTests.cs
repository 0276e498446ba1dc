using System.Collections.Concurrent;
using System.Text;
using Sophia.Log;
using Sophia.Tenants;
using Xunit.Abstractions;

namespace Sophia.Continuity;

/// <summary>
/// Goal: whatever was acknowledged is there after a power loss at any moment. Method: a file layer under SQLite records every write, truncation, deletion and sync of a
/// busy store; for every sync (and every acknowledgement) the disk is rebuilt as it may be then, with the writes not yet synced lost, kept, torn or scattered, and opened again.
/// </summary>
public sealed class PowerLossTests(ITestOutputHelper output)
{
    private static readonly TenantId Acme = TenantId.Parse("acme");
    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("SOPHIA_SEED") ?? "1", System.Globalization.CultureInfo.InvariantCulture);
    private static readonly bool Nightly = Environment.GetEnvironmentVariable("SOPHIA_NIGHTLY") == "1";

    [Fact]
    public async Task Every_acknowledged_append_survives_a_power_loss_at_any_moment()
    {
        var (moments, failures) = await LosePower(neverSync: false);
        output.WriteLine($"{moments} disks rebuilt, seed {Seed}");
        Assert.True(moments > 300, $"only {moments} moments were tried");
        Assert.True(failures.Count == 0, $"seed {Seed}: {failures.Count} of {moments} disks lost something:\n" + string.Join("\n", failures.Take(10)));
    }

    [Fact]
    public async Task Without_syncs_the_same_test_finds_losses()
    {
        var (_, failures) = await LosePower(neverSync: true);
        Assert.NotEmpty(failures);
    }

    private static async Task<(int Moments, IReadOnlyCollection<string> Failures)> LosePower(bool neverSync)
    {
        var tape = new DiskTape();
        var root = Path.Combine(Path.GetTempPath(), "sophia-power-" + Path.GetRandomFileName());
        try
        {
            using (var vfs = new ShimVfs(tape) { NeverSync = neverSync })
                for (var session = 0; session < 2; session++)
                    await Work(root, tape, vfs, session);
            return await LoseAt(tape.Events, root);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    /// <summary>Three owners append at once, with checkpoints of the write-ahead log in between; then the store is closed.</summary>
    private static async Task Work(string root, DiskTape tape, ShimVfs vfs, int session)
    {
        await using var store = new ScratchStore(options => options.CheckpointBytes = 64 * 1024, root, new RecordedFolders(tape), vfs.Name);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(owner => Owner(store, tape, $"s{session}-owner{owner}", owner)));
    }

    private static async Task Owner(ScratchStore store, DiskTape tape, string owner, int number)
    {
        var random = new Random(Seed + number);
        var fence = await store.Log.Acquire(Acme, owner, default);
        for (var i = 0; i < 12; i++)
        {
            var entries = Enumerable.Range(0, random.Next(1, 6)).Select(n => Entry($"{owner}-{i}-{n}", random.Next(20, 3_000))).ToList();
            var outcome = await store.Log.Append(Acme, new AppendBatch { Fence = fence, At = DateTimeOffset.UnixEpoch, Entries = entries, OnceKey = $"{owner}-{i}" }, default);
            fence = Assert.IsType<AppendOutcome.Committed>(outcome).Next;
            foreach (var entry in entries)
                tape.Acknowledged(entry.Key);
        }
    }

    private static NewEntry Entry(string key, int bytes)
    {
        var payload = Encoding.UTF8.GetBytes(key + new string('.', bytes));
        return new NewEntry(EntryType.Record, "contacts", key, RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload));
    }

    private static async Task<(int Moments, IReadOnlyCollection<string> Failures)> LoseAt(IReadOnlyList<DiskEvent> events, string root)
    {
        var loss = new PowerLoss(events, root);
        var failures = new ConcurrentBag<string>();
        var moments = Moments(events).ToList();
        await Parallel.ForEachAsync(moments, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (moment, _) =>
        {
            var (count, fate, seed) = moment;
            if (await Lost(loss, count, fate, seed) is { } what)
                failures.Add($"after event {count} ({events[count - 1].GetType().Name}) with the unsynced {fate} (seed {seed}): {what}");
        });
        return (moments.Count, failures);
    }

    private static IEnumerable<(int Count, Unsynced Fate, int Seed)> Moments(IReadOnlyList<DiskEvent> events)
    {
        for (var count = 1; count <= events.Count; count++)
        {
            var syncNext = count < events.Count && events[count] is DiskEvent.Synced or DiskEvent.FolderSynced;
            if (!syncNext && events[count - 1] is not (DiskEvent.Synced or DiskEvent.FolderSynced or DiskEvent.Acknowledged or DiskEvent.Deleted))
                continue;
            yield return (count, Unsynced.Lost, Seed);
            if (!syncNext)
                continue;
            yield return (count, Unsynced.Kept, Seed);
            yield return (count, Unsynced.Half, Seed + count);
            for (var more = 0; more < (Nightly ? 20 : 2); more++)
                yield return (count, Unsynced.Scattered, Seed + count + (more * 100_000));
        }
    }

    /// <summary>What is missing or wrong on the disk of that moment, or null.</summary>
    private static async Task<string?> Lost(PowerLoss loss, int count, Unsynced fate, int seed)
    {
        var folder = Path.Combine(Path.GetTempPath(), "sophia-after-" + Path.GetRandomFileName());
        Directory.CreateDirectory(folder);
        try
        {
            loss.Rebuild(count, fate, seed, folder);
            await using var store = new ScratchStore(root: folder);
            var there = new Dictionary<string, LogEntry>();
            for (IReadOnlyList<LogEntry> rows = [.. await store.Log.Read(Acme, 0, 100, int.MaxValue, default)]; rows.Count > 0; rows = await store.Log.Read(Acme, rows[^1].Position, 100, int.MaxValue, default))
                foreach (var row in rows)
                    there[row.Key] = row;
            if (loss.Acknowledged(count).FirstOrDefault(key => !there.ContainsKey(key)) is { } missing)
                return $"{missing} was acknowledged and is gone";
            if (there.Values.FirstOrDefault(row => row.Hash != EntryHash.Of(row.Operation, row.Payload.Span)) is { } torn)
                return $"{torn.Key} is not what was written";
            var check = await store.Files.Read(Acme, LogSchema.Kind, static connection => connection.Prepare("PRAGMA integrity_check") is var s && s.Step() ? s.Text(0) : "", "ok", default);
            return check == "ok" ? null : check;
        }
        catch (StorageException failure)
        {
            return failure.Message;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
