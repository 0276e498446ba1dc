using System.Text;
using Orleans;
using Orleans.Runtime;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Postgres;
using Sophia.Quality;
using Sophia.Servers;
using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Continuity;

/// <summary>Goal: what a data folder holds is in PostgreSQL after a move, and nothing of it has changed. Method: fill a folder through the stores, move, read through the other stores, append on.</summary>
[NeedsPostgres]
public sealed class MoveTests : IAsyncLifetime
{
    private static readonly TenantId Acme = TenantId.Parse("acme");
    private static readonly TenantId Empty = TenantId.Parse("quiet");
    private static readonly DateTimeOffset At = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero).AddMicroseconds(123_457);
    private static readonly GrainId Grain = GrainId.Create("tenant", "acme");
    private readonly string root = Path.Combine(Path.GetTempPath(), "sophia-move-" + Path.GetRandomFileName());
    private readonly ScratchDatabase scratch = new();
    private readonly List<MovedTenant> moved = [];
    private IReadOnlyList<LogEntry> rows = [];
    private IReadOnlyList<HeadEntry> heads = [];
    private QuarantinePage? held;
    private RunRow? run;
    private Fence? fence;

    public async Task InitializeAsync()
    {
        await using var store = new ScratchStore(root: root);
        fence = await store.Log.Acquire(Acme, "lane-0", default);
        for (var i = 0; i < 3; i++)
            fence = Assert.IsType<AppendOutcome.Committed>(await store.Log.Append(Acme, Batch(fence, i), default)).Next;
        await store.Log.Acquire(Empty, "lane-0", default);
        await new SqliteGrainStorage(store.Files, Durability.Full).WriteStateAsync("state", Grain, new GrainState<List<string>>(["ü", "🙂"]));
        await new SqliteGrainStorage(store.Files, Durability.Full).WriteStateAsync("state", GrainId.Create("directory", "system"), new GrainState<List<string>>(["acme"]));
        await new SqliteReminderTable(store.Files).UpsertRow(new ReminderEntry { GrainId = Grain, ReminderName = "tick", StartAt = At.UtcDateTime, Period = TimeSpan.FromMinutes(5) });
        rows = await store.Log.Read(Acme, 0, 1_000, int.MaxValue, default);
        heads = await store.Log.Heads(Acme, "contacts", null, null, 1_000, default);
        held = await store.Quarantine.List(Acme, new QuarantineQuery(State: null), default);
        run = await store.Runs.Find(Acme, "run-1", default);
    }

    public Task DisposeAsync()
    {
        scratch.Dispose();
        Directory.Delete(root, recursive: true);
        return Task.CompletedTask;
    }

    [EngineFact]
    public async Task Everything_is_there_with_its_positions_and_the_owner_goes_on()
    {
        await Move();
        Assert.Equal(["acme", "quiet", "system"], moved.Select(tenant => tenant.Tenant));
        Assert.Equal(new MovedStream("contacts", 20 * 3, moved[0].Streams[0].Sum), Assert.Single(moved[0].Streams));
        await using var database = PostgresDatabase.Open(scratch.Options, TimeProvider.System);
        var log = new PostgresLogStore(database);
        Assert.Equivalent(rows, await log.Read(Acme, 0, 1_000, int.MaxValue, default), strict: true);
        Assert.Equal(heads, await log.Heads(Acme, "contacts", null, null, 1_000, default));
        Assert.Equivalent(held, await new PostgresQuarantineStore(database).List(Acme, new QuarantineQuery(State: null), default), strict: true);
        Assert.Equal(run, await new PostgresRunStore(database).Find(Acme, "run-1", default));
        Assert.Equal([new("a.bin", "unknown type", 7)], await new PostgresRunStore(database).Unreadable(Acme, "run-1", 10, default));
        Assert.Equal(new Checkpoint("crm", "a.csv", "{\"at\":2}", "run-1", At), await log.Checkpoint(Acme, "crm", "a.csv", default));
        var state = new GrainState<List<string>>();
        await new PostgresGrainStorage(database, waitsForDisk: true).ReadStateAsync("state", Grain, state);
        Assert.Equal(["ü", "🙂"], state.State!);
        Assert.Equal(At.UtcDateTime, (await new PostgresReminderTable(database).ReadRow(Grain, "tick"))!.StartAt);

        var next = Assert.IsType<AppendOutcome.Committed>(await log.Append(Acme, Batch(fence!, 3), default));
        Assert.Equal((61L, 20), (next.FirstPosition, next.Stored));
        Assert.Equal(4, (await new PostgresQuarantineStore(database).List(Acme, new QuarantineQuery(State: null), default)).Items.Select(item => item.Id).Max());
        Assert.IsType<AppendOutcome.AlreadyDone>(await log.Append(Acme, Batch(next.Next, 0), default));
    }

    [EngineFact]
    public async Task The_folder_then_belongs_to_that_database_alone()
    {
        await Move();
        using var folder = DataFolder.Open(root);
        await using var database = PostgresDatabase.Open(scratch.Options, TimeProvider.System);
        LogPlace.IsIn(folder, database.Store, database.Server);
        Assert.Contains("SOPHIA_POSTGRES", Assert.Throws<StorageException>(() => LogPlace.IsHere(folder)).Message);
        Assert.Contains("another database", Assert.Throws<StorageException>(() => LogPlace.IsIn(folder, Guid.NewGuid(), "elsewhere")).Message);
    }

    [EngineFact]
    public void A_folder_with_a_log_of_its_own_is_not_begun_anew_in_a_database()
    {
        using var folder = DataFolder.Open(root);
        Assert.Contains("move --to postgres", Assert.Throws<StorageException>(() => LogPlace.IsIn(folder, Guid.NewGuid(), "elsewhere")).Message);
    }

    [EngineFact]
    public async Task A_move_that_was_cut_off_goes_on_and_copies_no_tenant_twice()
    {
        await Move();
        File.Delete(Path.Combine(root, "POSTGRES"));
        moved.Clear();
        await Move();
        Assert.All(moved, tenant => Assert.False(tenant.Copied));
    }

    /// <summary>The planted fault: one changed byte, one row less.</summary>
    [EngineTheory]
    [InlineData("UPDATE sophia.log SET payload = 'x' WHERE position = 30")]
    [InlineData("DELETE FROM sophia.heads WHERE key = '7'")]
    [InlineData("UPDATE sophia.sync_logs SET updated_at = updated_at + interval '1 microsecond'")]
    [InlineData("DELETE FROM sophia.reminders")]
    public async Task A_difference_is_found_and_the_folder_stays_as_it_was(string harm)
    {
        await Move();
        File.Delete(Path.Combine(root, "POSTGRES"));
        ScratchDatabase.Execute(scratch.Superuser, harm);
        Assert.Equal(StorageFault.Corrupt, (await Assert.ThrowsAsync<StorageException>(Move)).Fault);
        Assert.False(File.Exists(Path.Combine(root, "POSTGRES")));
    }

    private Task Move() => MoveToPostgres.Run(root, scratch.Options, moved.Add, TimeProvider.System, default);

    private static AppendBatch Batch(Fence fence, int number) => new()
    {
        Fence = fence,
        At = At,
        Run = "run-1",
        OnceKey = $"once-{number}",
        Entries = [.. Enumerable.Range(0, 20).Select(i => Entry($"{i}", $"{{\"n\":{number},\"é\":\"\\u0000\"}}"))],
        Checkpoints = [new CheckpointWrite("crm", "a.csv", $"{{\"at\":{number}}}")],
        Quarantined = [new NewQuarantine("crm", "contacts", number == 0 ? null : "a\0b", number == 0 ? null : "{}"u8.ToArray(), [new CellReason("email", "format", "x", "an address", null)], new Origin("a.csv", 1, 2, 3, null), 1)],
        RunRow = number > 0 ? null : new RunRow("run-1", "crm", 1, false, RunState.Running, "asked", At, At, null, TimeSpan.FromSeconds(0.1), new RunCounts(), 1, 0, 0.7, null, 0),
        RunDelta = new RunDelta("run-1", new RunCounts(In: 3), QualitySum: 0.3, Unreadable: [new UnreadableView("a.bin", "unknown type", 7)]),
    };

    private static NewEntry Entry(string key, string payload)
    {
        var bytes = Encoding.UTF8.GetBytes(payload);
        return new NewEntry(EntryType.Record, "contacts", key, RecordOperation.Upsert, bytes, EntryHash.Of(RecordOperation.Upsert, bytes), "a.csv");
    }
}
