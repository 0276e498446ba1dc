using System.Text;
using Sophia.Pipelines;
using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>What holds of the files themselves: plain SQL on them, their golden copies, their refusals, how many are open.</summary>
public sealed class SqliteLogFileTests
{
    private static readonly TenantId Acme = TenantId.Parse("acme");
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Run_history_is_read_with_plain_sql()
    {
        await using var store = new ScratchStore();
        var recent = DateTimeOffset.UtcNow;
        await Fill(store, recent);
        using var plain = new DatabaseConnection(Path.Combine(store.Root, "tenants", "acme", "log.db"), readOnly: true, null);
        Assert.Equal(LogTime.Text(recent), Text(plain, "SELECT MAX(updated_at) FROM sync_logs"));
        Assert.Equal(1, plain.Scalar("SELECT COUNT(*) FROM recent_syncs"));
        Assert.Equal("crm|running|2", Text(plain, "SELECT pipeline || '|' || state || '|' || records_stored FROM recent_syncs"));
    }

    /// <summary>A file of each format that was ever released is checked in; SOPHIA_WRITE_GOLDEN=1 writes the newest where it is missing.</summary>
    [Fact]
    public async Task The_golden_file_of_format_1_is_read()
    {
        var golden = Path.Combine(Golden(), "log-format-1.db");
        if (!File.Exists(golden) && Environment.GetEnvironmentVariable("SOPHIA_WRITE_GOLDEN") == "1")
            await WriteGolden(golden);
        await using var store = new ScratchStore();
        Directory.CreateDirectory(store.Folder.FolderOf(Acme));
        File.Copy(golden, store.Folder.PathOf(Acme, "log.db"));
        var rows = await store.Log.Read(Acme, 0, 10, int.MaxValue, default);
        Assert.Equal([("1", 1L, "{\"a\":1}"), ("ü", 1L, "{\"b\":\"🙂\"}")], rows.Select(row => (row.Key, row.Version, Encoding.UTF8.GetString(row.Payload.Span))));
        Assert.All(rows, row => Assert.Equal(("run-1", Noon, EntryHash.Of(row.Operation, row.Payload.Span)), (row.Run, row.At, row.Hash)));
        Assert.Equal(new RunCounts(In: 2, Stored: 2), (await store.Runs.Find(Acme, "run-1", default))!.Counts);
        Assert.Equal("7", (await store.Log.Checkpoint(Acme, "crm", "a.csv", default))!.State);
        Assert.Equal("3", (await store.Quarantine.List(Acme, new(), default)).Items.Single().Key);
    }

    [Fact]
    public async Task The_golden_file_of_format_2_is_read()
    {
        var golden = Path.Combine(Golden(), "log-format-2.db");
        if (!File.Exists(golden) && Environment.GetEnvironmentVariable("SOPHIA_WRITE_GOLDEN") == "1")
            await WriteGolden(golden, new EntrySource(3, 2, "{\"was\":1}"u8.ToArray()));
        await using var store = new ScratchStore();
        Directory.CreateDirectory(store.Folder.FolderOf(Acme));
        File.Copy(golden, store.Folder.PathOf(Acme, "log.db"));
        var rows = await store.Log.Read(Acme, 0, 10, int.MaxValue, default);
        Assert.Equal(["{\"a\":1}", "{\"b\":\"🙂\"}"], rows.Select(row => Encoding.UTF8.GetString(row.Payload.Span)));
        Assert.All(rows, row => Assert.Equal((3, 2, "{\"was\":1}"), (row.Source!.DefinitionVersion, row.Source.Item, Encoding.UTF8.GetString(row.Source.Payload.Span))));
    }

    [Fact]
    public async Task A_file_of_a_newer_format_or_of_another_program_is_refused_by_name()
    {
        await using var store = new ScratchStore();
        foreach (var (tenant, script, fault) in new[] { ("newer", "PRAGMA application_id=0x536F504C; PRAGMA user_version=99; CREATE TABLE x(y)", StorageFault.NewerFormat), ("other", "CREATE TABLE x(y)", StorageFault.Corrupt) })
        {
            var path = store.Folder.PathOf(TenantId.Parse(tenant), "log.db");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using (var file = new DatabaseConnection(path, readOnly: false, null))
                file.Execute(script);
            var refused = await Assert.ThrowsAsync<StorageException>(() => store.Log.Head(TenantId.Parse(tenant), default));
            Assert.Equal(fault, refused.Fault);
            Assert.Contains(path, refused.Message);
        }
    }

    [Fact]
    public async Task A_damaged_file_is_called_corrupt()
    {
        await using var store = new ScratchStore();
        var path = store.Folder.PathOf(Acme, "log.db");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, new string('x', 8_192));
        Assert.Equal(StorageFault.Corrupt, (await Assert.ThrowsAsync<StorageException>(() => store.Log.Acquire(Acme, "a", default))).Fault);
    }

    [Fact]
    public async Task Files_beyond_the_limit_are_closed_and_opened_again_when_asked()
    {
        await using var store = new ScratchStore(options => options.OpenFiles = 3);
        var tenants = Enumerable.Range(0, 10).Select(i => TenantId.Parse($"tenant-{i}")).ToList();
        for (var round = 1; round <= 3; round++)
            await Task.WhenAll(tenants.Select(tenant => store.Log.Acquire(tenant, "a", default)));
        foreach (var tenant in tenants)
            Assert.Equal(4, (await store.Log.Acquire(tenant, "a", default)).Epoch);
        await Eventually.Comes(() => store.Files.Count <= 3, "all but three files are closed");
        Assert.NotEqual(0, store.Files.Count);
    }

    private static async Task Fill(ScratchStore store, DateTimeOffset at, EntrySource? source = null)
    {
        var fence = await store.Log.Acquire(Acme, "golden", default);
        byte[][] payloads = [Encoding.UTF8.GetBytes("{\"a\":1}"), Encoding.UTF8.GetBytes("{\"b\":\"🙂\"}")];
        var outcome = await store.Log.Append(Acme, new AppendBatch
        {
            Fence = fence,
            At = at,
            Run = "run-1",
            Entries = [.. new[] { "1", "ü" }.Zip(payloads, (key, payload) => new NewEntry(EntryType.Record, "contacts", key, RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload), "a.csv") { Source = source })],
            RunRow = new RunRow("run-1", "crm", 1, false, RunState.Running, "asked", at, at, null, TimeSpan.Zero, new RunCounts(), 1, 0, null, null, 0),
            RunDelta = new RunDelta("run-1", new RunCounts(In: 2)),
            Checkpoints = [new CheckpointWrite("crm", "a.csv", "7")],
            Quarantined = [new("crm", "contacts", "3", payloads[0], [new("email", "required", null, "a value", null)], new("a.csv"), 1)],
        }, default);
        Assert.IsType<AppendOutcome.Committed>(outcome);
    }

    private static async Task WriteGolden(string path, EntrySource? source = null)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await using var store = new ScratchStore(options => options.PageBytes = 1_024);
        await Fill(store, Noon, source);
        await store.Files.DisposeAsync();
        File.Copy(store.Folder.PathOf(Acme, "log.db"), path);
    }

    private static string Golden()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Sophia.sln")))
            folder = folder.Parent!;
        return Path.Combine(folder.FullName, "tests", "Storage", "Golden");
    }

    private static string Text(DatabaseConnection connection, string sql)
    {
        using var statement = connection.Prepare(sql);
        return statement.Step() ? statement.Text(0) : "";
    }
}
