using Sophia.Log;
using Sophia.Sqlite;

namespace Sophia.Knowledge;

public sealed class SqliteIndexStoreTests : IndexStoreSuite
{
    private readonly ScratchStore store = new();

    protected override IIndexStore Index => store.Index;

    private string Path => store.Folder.PathOf(Acme, "index.db");

    public override async Task DisposeAsync() => await store.DisposeAsync();

    [Fact]
    public async Task A_file_of_an_older_format_is_emptied_to_be_built_anew()
    {
        Made("PRAGMA application_id=0x536F4978; PRAGMA user_version=1; CREATE TABLE progress(id, position, version, chunks); INSERT INTO progress VALUES (1, 900, 1, 5); CREATE TABLE chunk(id, text)");
        Assert.Equal(Start, await Index.Cursor(Acme, default));
        Assert.True(await Put(1, Record("a", "words")));
        Assert.Single((await Ask("words")).Chunks);
    }

    [Fact]
    public async Task A_file_of_a_newer_format_is_refused_by_name_and_stays_as_it_is()
    {
        Made("PRAGMA application_id=0x536F4978; PRAGMA user_version=99; CREATE TABLE x(y)");
        for (var attempt = 0; attempt < 2; attempt++)
            Assert.Equal(StorageFault.NewerFormat, (await Assert.ThrowsAsync<StorageException>(() => Ask("words"))).Fault);
        Assert.Contains(Path, (await Assert.ThrowsAsync<StorageException>(() => Put(1))).Message);
        using var file = new DatabaseConnection(Path, readOnly: true, null);
        Assert.Equal((99, 1), (file.Scalar("PRAGMA user_version"), file.Scalar("SELECT count(*) FROM sqlite_master")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_that_is_no_index_is_set_aside_and_begun_anew(bool database)
    {
        if (database)
            Made("CREATE TABLE somebody_elses(y)");
        else
            File.WriteAllText(Placed(), new string('x', 8_192));
        Assert.Equal(StorageFault.Corrupt, (await Assert.ThrowsAsync<StorageException>(() => Index.Cursor(Acme, default))).Fault);
        Assert.Equal(Start, await Index.Cursor(Acme, default));
        Assert.True(await Put(1, Record("a", "words")));
        Assert.Single((await Ask("words")).Chunks);
        Assert.True(File.Exists(Path + ".damaged"));
    }

    [Fact]
    public async Task A_file_damaged_in_the_middle_is_set_aside_when_a_write_meets_it()
    {
        await Put(1, [.. Enumerable.Range(0, 400).Select(i => Record($"{i}", $"words of {i} " + new string('x', 500)))]);
        Assert.Equal(400, (await Ask("words")).Matched);
        await store.Files.DisposeAsync();
        await using var again = new DatabaseFiles(store.Folder, store.Options);
        var index = new SqliteIndexStore(again, new VectorCache(), new WordCache(again, store.Options));
        var reached = await index.Cursor(Acme, default);
        Spoil();
        var cursor = new IndexCursor(2, 1);
        // The first write of a page that is gone says so; after it there is an empty index, and whoever reads sees that one.
        await Assert.ThrowsAsync<StorageException>(() => index.Apply(Acme, reached, cursor, [.. Enumerable.Range(0, 400).Select(i => Record($"{i}", "new"))], DateTimeOffset.UnixEpoch, default));
        Assert.Equal(Start, await index.Cursor(Acme, default));
        Assert.True(await index.Apply(Acme, Start, cursor, [Record("a", "words")], DateTimeOffset.UnixEpoch, default));
        Assert.Equal(1, (await index.Candidates(Acme, new CandidateQuery(["words"], ["word"], null, 10), default)).Matched);
    }

    /// <summary>Overwrites every page but the first few, as a bad disk would.</summary>
    private void Spoil()
    {
        using var file = new FileStream(Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        var noise = new byte[store.Options.PageBytes];
        new Random(7).NextBytes(noise);
        for (long at = store.Options.PageBytes * 12L; at + noise.Length <= file.Length; at += noise.Length)
        {
            file.Position = at;
            file.Write(noise);
        }
    }

    private void Made(string script)
    {
        using var file = new DatabaseConnection(Placed(), readOnly: false, null);
        file.Execute(script);
    }

    private string Placed()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        return Path;
    }
}
