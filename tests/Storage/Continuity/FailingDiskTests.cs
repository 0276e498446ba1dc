using System.Text;
using Sophia.Log;
using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Continuity;

/// <summary>Goal: a full disk refuses whole appends and nothing else, and a failing one is never believed. Method: the file layer under SQLite has room for so many bytes and no more, or fails to sync.</summary>
public sealed class FailingDiskTests
{
    private static readonly TenantId Acme = TenantId.Parse("acme");

    [Theory]
    [InlineData(0)]
    [InlineData(4_096)]
    [InlineData(50_000)]
    public async Task A_full_disk_refuses_whole_appends_and_takes_them_again_once_there_is_room(long room)
    {
        using var vfs = new ShimVfs();
        await using var store = new ScratchStore(vfs: vfs.Name);
        var fence = await store.Log.Acquire(Acme, "tests", default);
        fence = Assert.IsType<AppendOutcome.Committed>(await store.Log.Append(Acme, Batch(fence, "before"), default)).Next;

        vfs.Room = room;
        var full = await Assert.ThrowsAsync<StorageException>(() => store.Log.Append(Acme, Batch(fence, "during"), default));
        Assert.Equal(StorageFault.Full, full.Fault);
        Assert.All(await store.Log.Read(Acme, 0, 1_000, int.MaxValue, default), row => Assert.StartsWith("before", row.Key));

        vfs.Room = long.MaxValue;
        var done = Assert.IsType<AppendOutcome.Committed>(await store.Log.Append(Acme, Batch(fence, "after"), default));
        Assert.Equal((100, fence.Position + 1), (done.Stored, done.Next.Position));
        Assert.Equal(200, (await store.Log.Read(Acme, 0, 1_000, int.MaxValue, default)).Count);
    }

    [Fact]
    public async Task Appends_that_fit_are_stored_though_their_neighbours_do_not()
    {
        using var vfs = new ShimVfs();
        await using var store = new ScratchStore(vfs: vfs.Name);
        var fence = await store.Log.Acquire(Acme, "tests", default);
        vfs.Room = 100_000;
        var stored = 0;
        while (true)
        {
            try
            {
                fence = Assert.IsType<AppendOutcome.Committed>(await store.Log.Append(Acme, Batch(fence, $"{stored}") with { Entries = [.. Batch(fence, $"{stored}").Entries.Take(5)] }, default)).Next;
                stored++;
            }
            catch (StorageException failure)
            {
                Assert.Equal(StorageFault.Full, failure.Fault);
                break;
            }
        }
        Assert.True(stored > 0);
        Assert.Equal(stored * 5, (await store.Log.Read(Acme, 0, 10_000, int.MaxValue, default)).Count);
        Assert.Equal(stored, fence.Position);
    }

    [Fact]
    public async Task After_a_failed_sync_the_outcome_is_unknown_and_the_owner_finds_out_by_its_position()
    {
        using var vfs = new ShimVfs();
        await using var store = new ScratchStore(vfs: vfs.Name);
        var fence = await store.Log.Acquire(Acme, "tests", default);
        vfs.SyncsFail = true;
        Assert.Equal(StorageFault.Unknown, (await Assert.ThrowsAsync<StorageException>(() => store.Log.Append(Acme, Batch(fence, "during"), default))).Fault);

        vfs.SyncsFail = false;
        fence = await store.Log.Acquire(Acme, "tests", default);
        Assert.Equal(fence.Position * 100, (await store.Log.Read(Acme, 0, 1_000, int.MaxValue, default)).Count);
        Assert.IsType<AppendOutcome.Committed>(await store.Log.Append(Acme, Batch(fence, "after"), default));
    }

    [Fact]
    public async Task An_end_of_an_idempotency_key_is_synced_before_it_is_answered_and_a_claim_waits_for_no_sync()
    {
        using var vfs = new ShimVfs();
        await using var store = new ScratchStore(vfs: vfs.Name);
        var keys = new SqliteIdempotencyStore(store.Files);
        Assert.True((await keys.Write(Acme, "first", 0, Key(1), default)).Done);
        vfs.SyncsFail = true;
        Assert.True((await keys.Write(Acme, "second", 0, Key(2), default)).Done);
        var end = Key(3) with { State = IdempotencyState.Released };
        Assert.Equal(StorageFault.Unknown, (await Assert.ThrowsAsync<StorageException>(() => keys.Write(Acme, "second", 2, end, default))).Fault);
        vfs.SyncsFail = false;
        Assert.Equal(1, (await keys.Find(Acme, "first", default))!.Stamp);
    }

    private static IdempotencyRecord Key(long stamp) =>
        new(stamp, IdempotencyState.Running, 1, 1, "holder", "print", "POST /x", DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddSeconds(30), DateTimeOffset.UnixEpoch.AddDays(1));

    private static AppendBatch Batch(Fence fence, string name) => new()
    {
        Fence = fence,
        At = DateTimeOffset.UnixEpoch,
        Entries = [.. Enumerable.Range(0, 100).Select(i => Entry($"{name}-{i}"))],
    };

    private static NewEntry Entry(string key)
    {
        var payload = Encoding.UTF8.GetBytes(key + new string('.', 1_000));
        return new NewEntry(EntryType.Record, "contacts", key, RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload));
    }
}
