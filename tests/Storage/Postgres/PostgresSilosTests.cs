using System.Globalization;
using System.Text;
using Sophia.Log;
using Sophia.Servers;
using Sophia.Tenants;

namespace Sophia.Postgres;

/// <summary>What several silos over one database must keep: the order of positions, fences, and what a broken connection leaves behind.</summary>
[NeedsPostgres]
public sealed class PostgresSilosTests : IAsyncLifetime
{
    /// <summary>Longer than any of these tests: who waits for a lock waits until the test gives it free.</summary>
    private const int LongSeconds = 600;

    private static readonly TenantId Acme = TenantId.Parse("acme");
    private readonly ScratchDatabase scratch = new();
    private readonly List<PostgresDatabase> silos = [];

    public Task InitializeAsync()
    {
        for (var i = 0; i < 3; i++)
            silos.Add(PostgresDatabase.Open(new PostgresOptions { Connection = scratch.Silo, LockWithinSeconds = LongSeconds, StatementWithinSeconds = LongSeconds }, TimeProvider.System));
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        foreach (var silo in silos)
            await silo.DisposeAsync();
        scratch.Dispose();
    }

    /// <summary>A projection that saw position n never meets one below it later.</summary>
    [EngineFact]
    public async Task What_is_seen_has_no_gap_while_three_silos_append_to_one_tenant()
    {
        var writing = Task.WhenAll(silos.SelectMany((silo, number) => Enumerable.Range(0, 4).Select(lane => Appends(silo, $"lane-{number}-{lane}", 15))));
        var reader = new PostgresLogStore(silos[0]);
        long seen = 0;
        while (!writing.IsCompleted || seen < await reader.Head(Acme, default))
        {
            var rows = await reader.Read(Acme, seen, 1_000, int.MaxValue, default);
            Assert.Equal(Enumerable.Range(1, rows.Count).Select(i => seen + i), rows.Select(row => row.Position));
            seen += rows.Count;
        }
        await writing;
        Assert.Equal(3 * 4 * 15 * 2, seen);
    }

    [EngineFact]
    public async Task Two_silos_that_hold_one_fence_cannot_both_commit()
    {
        var fence = await new PostgresLogStore(silos[0]).Acquire(Acme, "lane-0", default);
        var outcomes = await Task.WhenAll(silos.Select(silo => Append(silo, fence, "x")));
        Assert.Single(outcomes.OfType<AppendOutcome.Committed>());
        Assert.Equal(2, outcomes.OfType<AppendOutcome.Misplaced>().Count());
        await new PostgresLogStore(silos[1]).Acquire(Acme, "lane-0", default);
        Assert.IsType<AppendOutcome.Fenced>(await Append(silos[0], fence with { Position = 1 }, "y"));
    }

    /// <summary>The server ends every connection while appends wait for a lock: nobody is told yes, and afterwards the owner's position says what happened.</summary>
    [EngineFact]
    public async Task A_connection_that_breaks_leaves_an_unknown_outcome_that_acquiring_again_settles()
    {
        var log = new PostgresLogStore(silos[0]);
        var fence = await log.Acquire(Acme, "lane-0", default);
        await using (var blocker = new Npgsql.NpgsqlConnection(scratch.Superuser + ";Pooling=false"))
        {
            await blocker.OpenAsync();
            await using var transaction = await blocker.BeginTransactionAsync();
            await using (var hold = new Npgsql.NpgsqlCommand("SELECT FROM sophia.tenants FOR UPDATE", blocker))
                await hold.ExecuteNonQueryAsync();
            var append = Append(silos[0], fence, "x");
            await using var end = new Npgsql.NpgsqlCommand($"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{ScratchDatabase.SiloRole}' AND datname = current_database() AND wait_event_type = 'Lock'", blocker);
            while ((long)(await end.ExecuteScalarAsync())! == 0)
                Assert.False(append.IsCompleted);
            Assert.Equal(StorageFault.Unreachable, (await Assert.ThrowsAsync<StorageException>(() => append)).Fault);
        }
        var again = await log.Acquire(Acme, "lane-0", default);
        Assert.Equal(fence with { Epoch = 2 }, again);
        Assert.IsType<AppendOutcome.Committed>(await Append(silos[0], again, "x"));
        Assert.Equal(1, await log.Head(Acme, default));
    }

    /// <summary>The connection dies within COMMIT, after the transaction took place: the server is made to wait there for a standby that never comes.</summary>
    [EngineFact]
    public async Task A_commit_that_took_place_unheard_is_found_by_acquiring_again()
    {
        var server = PostgresServer.Durable;
        using var own = new ScratchDatabase(server: server);
        await using var silo = PostgresDatabase.Open(own.Options, TimeProvider.System);
        var log = new PostgresLogStore(silo);
        var fences = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => log.Acquire(Acme, $"lane-{i}", default)));
        Standby("nobody");
        try
        {
            var appends = fences.Select(fence => Append(silo, fence, fence.Owner)).ToList();
            await using var superuser = new Npgsql.NpgsqlConnection(own.Superuser + ";Pooling=false");
            await superuser.OpenAsync();
            await using var end = new Npgsql.NpgsqlCommand($"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{ScratchDatabase.SiloRole}' AND datname = current_database() AND wait_event = 'SyncRep'", superuser);
            while (appends.Any(append => !append.IsCompleted))
                await end.ExecuteScalarAsync();
            foreach (var append in appends)
                Assert.Equal(StorageFault.Unreachable, (await Assert.ThrowsAsync<StorageException>(() => append)).Fault);
        }
        finally
        {
            Standby("");
        }
        foreach (var fence in fences)
            Assert.Equal(fence with { Epoch = 2, Position = 1 }, await log.Acquire(Acme, fence.Owner, default));
        Assert.Equal(5, await log.Head(Acme, default));

        void Standby(string name)
        {
            ScratchDatabase.Execute(own.Superuser, $"ALTER SYSTEM SET synchronous_standby_names = '{name}'");
            ScratchDatabase.Execute(own.Superuser, "SELECT pg_reload_conf()");
            while (name.Length > 0 && !CommitsWait())
            {
            }
        }

        // A setting reaches the server's processes one by one: it counts once a commit was seen to wait.
        bool CommitsWait()
        {
            var waited = false;
            using var probe = new Npgsql.NpgsqlConnection(own.Superuser + ";Pooling=false");
            probe.Notice += (_, told) => waited |= told.Notice.MessageText.Contains("synchronous replication", StringComparison.Ordinal);
            probe.Open();
            using var commit = new Npgsql.NpgsqlCommand("SELECT pg_logical_emit_message(true, 'probe', 'probe')", probe) { CommandTimeout = 1 };
            try
            {
                commit.ExecuteNonQuery();
            }
            catch (Npgsql.NpgsqlException)
            {
                // Its time was over before it came to wait, or before it was told of it.
            }
            return waited;
        }
    }

    [EngineFact]
    public async Task A_tenant_whose_row_another_silo_holds_is_refused_in_time_and_others_go_on()
    {
        await using var hasty = PostgresDatabase.Open(new PostgresOptions { Connection = scratch.Silo, LockWithinSeconds = 1 }, TimeProvider.System);
        var log = new PostgresLogStore(hasty);
        await log.Acquire(Acme, "lane-0", default);
        await using var blocker = new Npgsql.NpgsqlConnection(scratch.Superuser + ";Pooling=false");
        await blocker.OpenAsync();
        await using var transaction = await blocker.BeginTransactionAsync();
        await using (var hold = new Npgsql.NpgsqlCommand("SELECT FROM sophia.tenants WHERE tenant='acme' FOR UPDATE", blocker))
            await hold.ExecuteNonQueryAsync();
        var held = log.Acquire(Acme, "lane-0", default);
        await log.Acquire(TenantId.Parse("other"), "lane-0", default);
        Assert.Equal(StorageFault.Locked, (await Assert.ThrowsAsync<StorageException>(() => held)).Fault);
    }

    /// <summary>Held still between two statements of a transaction, as by a long collection or a stopped process.</summary>
    [EngineFact]
    public async Task A_silo_that_stalls_within_a_transaction_gives_the_tenant_free_in_time_and_does_its_work_again()
    {
        await using var stalling = PostgresDatabase.Open(new PostgresOptions { Connection = scratch.Silo, IdleTransactionWithinSeconds = 1 }, TimeProvider.System);
        var (holds, go, runs) = (new TaskCompletionSource(), new TaskCompletionSource(), 0);
        var fence = await new PostgresLogStore(silos[0]).Acquire(Acme, "lane-0", default);
        var stalled = stalling.Write(Acme, async transaction =>
        {
            await transaction.Ask(static _ => { }, static _ => Task.FromResult(true));
            if (runs++ > 0)
                return transaction.Counters.Position;
            holds.SetResult();
            await go.Task;
            await transaction.Tell(tell => tell.Add("DELETE FROM sophia.owners WHERE tenant=$1"));
            return -1;
        }, default);
        await holds.Task;
        // Waits for the row until the server has ended the other's transaction.
        Assert.IsType<AppendOutcome.Committed>(await Append(silos[0], fence, "x"));
        go.SetResult();
        Assert.Equal(1L, await stalled);
        Assert.True(runs > 1, "Its work was not done again."); // It may stall again.
        Assert.Equal(fence with { Epoch = 2, Position = 1 }, await new PostgresLogStore(silos[0]).Acquire(Acme, "lane-0", default));
    }

    [EngineFact]
    public async Task Text_that_PostgreSQL_cannot_hold_is_the_callers_mistake()
    {
        var log = new PostgresLogStore(silos[0]);
        await Assert.ThrowsAsync<ArgumentException>(() => log.Acquire(Acme, "a\0b", default));
        var fence = await log.Acquire(Acme, "lane-0", default);
        var random = new Random(1);
        var key = string.Concat(Enumerable.Range(0, 3_000).Select(_ => (char)random.Next(33, 126)));
        await Assert.ThrowsAsync<ArgumentException>(() => new PostgresLogStore(silos[0]).Append(Acme, new AppendBatch { Fence = fence, At = DateTimeOffset.UnixEpoch, Entries = [Entry(key, "x")] }, default));
        Assert.IsType<AppendOutcome.Committed>(await Append(silos[0], fence, "x"));
    }

    private static async Task Appends(PostgresDatabase silo, string owner, int count)
    {
        var fence = await new PostgresLogStore(silo).Acquire(Acme, owner, default);
        for (var i = 0; i < count; i++)
            fence = Assert.IsType<AppendOutcome.Committed>(await new PostgresLogStore(silo).Append(Acme, new AppendBatch
            {
                Fence = fence, At = DateTimeOffset.UnixEpoch, Run = owner, Entries = [Entry($"{owner}-{i}", "x"), Entry("shared", $"{owner}-{i}")],
            }, default)).Next;
    }

    private static Task<AppendOutcome> Append(PostgresDatabase silo, Fence fence, string payload) =>
        new PostgresLogStore(silo).Append(Acme, new AppendBatch { Fence = fence, At = DateTimeOffset.UnixEpoch, Entries = [Entry("1", payload)] }, default);

    private static NewEntry Entry(string key, string payload)
    {
        var bytes = Encoding.UTF8.GetBytes(payload);
        return new NewEntry(EntryType.Record, "contacts", key, RecordOperation.Upsert, bytes, EntryHash.Of(RecordOperation.Upsert, bytes), key.Length.ToString(CultureInfo.InvariantCulture));
    }
}
