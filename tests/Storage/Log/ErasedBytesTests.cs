using System.Text;
using Sophia.Knowledge;
using Sophia.Quality;
using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Erased words are in no file any more.</summary>
// Goal: nobody who takes the files finds what was erased. Method: every byte of the tenant's folder is searched for keys and words that stand nowhere else, in the encodings that the stores use.
public sealed class ErasedBytesTests
{
    private static readonly TenantId Acme = TenantId.Parse("acme");
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly string[] Secrets = ["quixotelnax", "xotelnax", "QUIXOTELNAX"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task No_byte_of_an_erased_record_is_left_in_its_tenants_folder(int seed)
    {
        await using var store = new ScratchStore(options => options.PageBytes = 1024);
        var random = new Random(seed);
        RecordKey[] erased = [.. Enumerable.Range(0, 25).Select(i => new RecordKey("contacts", $"quixotelnax-{random.Next(1_000_000)}-{i}"))];
        string[] others = [.. Enumerable.Range(0, 600).Select(i => $"{(char)('a' + random.Next(26))}{random.Next(1_000_000)}-{i}")];
        var fence = await store.Log.Acquire(Acme, "tests", default);
        var cursor = new IndexCursor(0, 0);
        // Mixed and in several versions, so that pages are split, cells move, and words of both stand in the same segments.
        for (var round = 0; round < 4; round++)
            foreach (var some in others.Concat(erased.Select(record => record.Key)).OrderBy(_ => random.Next()).Chunk(40))
            {
                var done = Assert.IsType<AppendOutcome.Committed>(await store.Log.Append(Acme, new AppendBatch
                {
                    Fence = fence, At = Noon, Run = "run-1", Entries = [.. some.Select(key => Record(key, Text(key, round)))],
                    Quarantined = [.. some.Where(key => round == 1 && IsErased(key)).Select(key => new NewQuarantine("crm", "contacts", key, Encoding.UTF8.GetBytes(Text(key, 9)), [new CellReason("name", "format", key, $"not {key}", key)], new Origin($"{key}.csv"), 1))],
                }, default));
                fence = done.Next;
                var next = new IndexCursor(done.LastPosition, 1);
                Assert.True(await store.Index.Apply(Acme, cursor, next, [.. some.Select(key => Indexed(key, round, done.LastPosition))], Noon, default));
                cursor = next;
            }
        Assert.NotEmpty(Found(store.Folder.FolderOf(Acme)));

        fence = Assert.IsType<AppendOutcome.Committed>(await store.Log.Append(Acme, new AppendBatch
        {
            Fence = fence, At = Noon, Erases = erased, Erasure = "erasure-1", Entries = [.. erased.Select(record => Tombstone(record.Key)), Audit()],
        }, default)).Next;
        Assert.True(await store.Index.Apply(Acme, cursor, new IndexCursor(await store.Log.Head(Acme, default), 1), [.. erased.Select(record => Indexed(record.Key, 5, 9).Withdrawn())], Noon, default));
        await store.Erasures.Remove(Acme, "erasure-1", erased, [], Noon, default);
        await store.Index.Erase(Acme, erased, default);
        await store.Erasures.Scrub(Acme, default);

        Assert.Empty(Found(store.Folder.FolderOf(Acme)));
        Assert.Equal(others.Length, (await store.Log.Heads(Acme, "contacts", null, null, 10_000, default)).Count);
        Assert.Equal(4, (await store.Log.History(Acme, "contacts", others[7], null, 10, default)).Count);
        Assert.Equal(new ErasedCounts(25, 125, 25), await store.Erasures.Counts(Acme, "erasure-1", default));
        var words = new CandidateQuery(["quixotelnax"], ["quixotelnax"], null, 10);
        Assert.Empty((await store.Index.Candidates(Acme, words, default)).Chunks);
        Assert.NotEmpty((await store.Index.Candidates(Acme, new CandidateQuery(["common"], ["common"], null, 10), default)).Chunks);
        Assert.Equal(others.Length, (await store.Index.Candidates(Acme, words, default)).TotalChunks);
    }

    [Fact]
    public async Task A_reader_who_keeps_the_write_ahead_log_makes_the_rewriting_fail_and_it_may_be_done_again()
    {
        await using var store = new ScratchStore();
        var fence = await store.Log.Acquire(Acme, "tests", default);
        await store.Log.Append(Acme, new AppendBatch { Fence = fence, At = Noon, Entries = [Record("1", "a")] }, default);
        using (var reader = new DatabaseConnection(store.Folder.PathOf(Acme, "log.db"), readOnly: true, null))
        {
            reader.Execute("BEGIN; SELECT count(*) FROM log");
            await store.Log.Append(Acme, new AppendBatch { Fence = fence with { Position = 1 }, At = Noon, Entries = [Record("2", "b")] }, default);
            Assert.Equal(StorageFault.Locked, (await Assert.ThrowsAsync<StorageException>(() => store.Erasures.Scrub(Acme, default))).Fault);
        }
        await store.Erasures.Scrub(Acme, default);
        Assert.Equal(2, await store.Log.Head(Acme, default));
    }

    private static List<string> Found(string folder)
    {
        var found = new List<string>();
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var copy = new MemoryStream();
            file.CopyTo(copy);
            foreach (var secret in Secrets)
                foreach (var encoding in new[] { Encoding.UTF8, Encoding.Unicode })
                    if (copy.ToArray().AsSpan().IndexOf(encoding.GetBytes(secret)) is >= 0 and var at)
                        found.Add($"{Path.GetFileName(path)} at {at}: {secret}");
        }
        return found;
    }

    private static bool IsErased(string key) => key.StartsWith(Secrets[0], StringComparison.Ordinal);

    private static string Text(string key, int round) => $"{{\"name\":\"{key}\",\"note\":\"common words of round {round} {new string('x', 40 * round)}\"}}";

    private static NewEntry Record(string key, string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        return new NewEntry(EntryType.Record, "contacts", key, RecordOperation.Upsert, bytes, EntryHash.Of(RecordOperation.Upsert, bytes)) { Source = IsErased(key) ? new EntrySource(1, 0, bytes) : null };
    }

    private static NewEntry Tombstone(string key) => new(EntryType.Record, "contacts", key, RecordOperation.Delete, default, EntryHash.Of(RecordOperation.Delete, []));

    private static NewEntry Audit() => new(EntryType.Audit, "audit/records", "erasure-1", RecordOperation.Upsert, "{}"u8.ToArray(), EntryHash.Of(RecordOperation.Upsert, "{}"u8));

    private static IndexedRecord Indexed(string key, int version, long position) => new("contacts", key, version, position, Noon, key, new Dictionary<string, string> { ["name"] = key },
        [new Chunk(0, ChunkKind.Entity, $"{key} common words of round {version}", null, [], []) { Words = Encoding.UTF8.GetBytes(key) }]);
}
