using System.Diagnostics;
using System.Globalization;
using System.Text;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Sqlite;

namespace Sophia.Continuity;

// Goal: an erasure that is killed while it writes the files anew loses nothing of anybody else, and ends when it is done again. Method: a child process scrubs a tenant's files and kills itself within the first, one
// of the last, and some writes between, of all that it makes to them; then every row is counted, the files are scrubbed once more, and every byte of the folder is searched.
public sealed class ScrubKillTests
{
    private const string Secret = "quixotelnax";
    private const int Others = 1_500;

    [Fact]
    public async Task Killed_while_files_are_written_anew_nothing_is_lost_and_the_next_time_ends_it()
    {
        var root = Path.Combine(Path.GetTempPath(), "sophia-scrub-" + Path.GetRandomFileName());
        try
        {
            var before = await Erased(Path.Combine(root, "0"));
            var writes = int.Parse((await Scrub(Copy(root, "whole"), 0))!, CultureInfo.InvariantCulture);
            Assert.True(writes > 500, $"{writes} writes");
            foreach (var last in (int[])[1, 2, writes / 8, writes / 4, writes / 2, writes * 5 / 8, writes * 3 / 4, writes * 7 / 8, writes * 98 / 100])
            {
                var folder = Copy(root, $"{last}");
                Assert.Null(await Scrub(folder, last));
                await using var store = new ScratchStore(root: folder);
                Assert.Equal("ok", await Checked(store, LogSchema.Kind));
                Assert.Equal("ok", await Checked(store, IndexSchema.Kind));
                Assert.Equal(before, await Rows(store));
                Assert.Equal(new ErasedCounts(20, 20, 0), await store.Erasures.Counts(Victim.Tenant, "erasure-1", default));
                await store.Erasures.Scrub(Victim.Tenant, default);
                Assert.Empty(Found(store.Folder.FolderOf(Victim.Tenant)));
                Assert.Equal(before, await Rows(store));
                Assert.NotEmpty((await store.Index.Candidates(Victim.Tenant, new CandidateQuery(["common"], ["common"], null, 10), default)).Chunks);
            }
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static string Copy(string root, string name)
    {
        var (from, to) = (Path.Combine(root, "0"), Path.Combine(root, name));
        foreach (var path in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, path));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(path, copy);
        }
        return to;
    }

    /// <summary>A tenant whose erased records are out of all tables, and still in the bytes of the files.</summary>
    private static async Task<string> Erased(string root)
    {
        await using var store = new ScratchStore(root: root);
        var fence = await store.Log.Acquire(Victim.Tenant, "tests", default);
        RecordKey[] erased = [.. Enumerable.Range(0, 20).Select(i => new RecordKey("contacts", $"{Secret}-{i}"))];
        string[] keys = [.. erased.Select(record => record.Key).Concat(Enumerable.Range(0, Others).Select(i => $"other-{i}"))];
        var done = Assert.IsType<AppendOutcome.Committed>(await store.Log.Append(Victim.Tenant, new AppendBatch { Fence = fence, At = DateTimeOffset.UnixEpoch, Entries = [.. keys.Select(Record)] }, default));
        Assert.True(await store.Index.Apply(Victim.Tenant, new IndexCursor(0, 0), new IndexCursor(1, 1), [.. keys.Select(key => Indexed(key, 1))], DateTimeOffset.UnixEpoch, default));
        await store.Log.Append(Victim.Tenant, new AppendBatch { Fence = done.Next, At = DateTimeOffset.UnixEpoch, Erases = erased, Erasure = "erasure-1" }, default);
        Assert.True(await store.Index.Apply(Victim.Tenant, new IndexCursor(1, 1), new IndexCursor(2, 1), [.. erased.Select(record => Indexed(record.Key, 2).Withdrawn())], DateTimeOffset.UnixEpoch, default));
        await store.Erasures.Remove(Victim.Tenant, "erasure-1", erased, [], DateTimeOffset.UnixEpoch, default);
        await store.Index.Erase(Victim.Tenant, erased, default);
        Assert.NotEmpty(Found(store.Folder.FolderOf(Victim.Tenant)));
        return await Rows(store);
    }

    /// <summary>How many writes the child says that it made; null: it was killed.</summary>
    private static async Task<string?> Scrub(string root, int last)
    {
        using var child = Process.Start(new ProcessStartInfo("dotnet", [typeof(ScrubKillTests).Assembly.Location, "scrub", root, $"{last}"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (said, wrong) = (child.StandardOutput.ReadLineAsync(), child.StandardError.ReadToEndAsync());
        await child.WaitForExitAsync();
        Assert.True(await said is not null || child.ExitCode == 128 + 9 || last > 0, await wrong);
        Assert.Equal("", await wrong);
        return await said;
    }

    private static async Task<string> Rows(ScratchStore store)
    {
        var rows = await store.Log.Read(Victim.Tenant, 0, 10_000, int.MaxValue, default);
        var heads = await store.Log.Heads(Victim.Tenant, "contacts", null, null, 10_000, default);
        Assert.All(rows, row => Assert.Equal(EntryHash.Of(row.Operation, row.Payload.Span), row.Hash));
        Assert.Equal(Others, heads.Count);
        return $"{rows.Count} rows to {rows[^1].Position}, {heads.Count} heads";
    }

    private static Task<string> Checked(ScratchStore store, DatabaseKind kind) =>
        store.Files.Read(Victim.Tenant, kind, static connection =>
        {
            using var check = connection.Prepare("PRAGMA integrity_check");
            return check.Step() ? check.Text(0) : "";
        }, "", default);

    private static List<string> Found(string folder) => [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(path =>
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        file.CopyTo(copy);
        return copy.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(Secret)) >= 0;
    })];

    private static NewEntry Record(string key)
    {
        var bytes = Encoding.UTF8.GetBytes($"{{\"name\":\"{key}\",\"note\":\"{new string('x', 1_000)}\"}}");
        return new NewEntry(EntryType.Record, "contacts", key, RecordOperation.Upsert, bytes, EntryHash.Of(RecordOperation.Upsert, bytes));
    }

    private static IndexedRecord Indexed(string key, int version) => new("contacts", key, version, version, DateTimeOffset.UnixEpoch, key, new Dictionary<string, string> { ["name"] = key },
        [new Chunk(0, ChunkKind.Entity, $"{key} common words {new string('y', 500)}", null, [], []) { Words = Encoding.UTF8.GetBytes(key) }]);
}
