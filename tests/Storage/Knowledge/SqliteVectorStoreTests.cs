using Sophia.Sqlite;

namespace Sophia.Knowledge;

public sealed class SqliteVectorStoreTests : VectorStoreSuite
{
    private readonly ScratchStore store = new();

    protected override IIndexStore Index => store.Index;

    protected override IVectorStore Vectors => store.Vectors;

    public override async Task DisposeAsync() => await store.DisposeAsync();

    [Fact]
    public async Task A_file_of_format_2_keeps_its_chunks_and_gets_vectors()
    {
        await Put(1, Record("a", "words"));
        await store.Files.DisposeAsync();
        using (var file = new DatabaseConnection(store.Folder.PathOf(Acme, "index.db"), readOnly: false, null))
            file.Execute("DROP TABLE vector; DROP TABLE embedder; DROP TABLE vector_state; PRAGMA user_version=2");
        await using var again = new DatabaseFiles(store.Folder, store.Options);
        var vectors = new SqliteVectorStore(again);
        Assert.Equal("words", Assert.Single(await vectors.Lacking(Acme, Old, 10, default)).Text);
        Assert.Equal(new IndexCursor(1, 1), await new SqliteIndexStore(again, store.Cache, new WordCache(again, store.Options)).Cursor(Acme, default));
    }

    /// <summary>Goal: a kill after the swap, before the old vectors are gone. Method: the swap's first transaction alone, then a new process.</summary>
    [Fact]
    public async Task A_swap_that_was_cut_off_stands_and_what_it_left_goes_with_the_next_vectors()
    {
        await Put(1, Record("a", "one"), Record("b", "two"));
        await Fill(Old, _ => Axis(0));
        await Fill(New, _ => Axis(1));
        await store.Files.Write(Acme, IndexSchema.Kind, d => { new SqliteVectors(d).Answer(New); return true; }, default);
        Assert.Equal("one two", await Found(Near(New, Axis(1))));
        Assert.Equal(New, Assert.Single((await Vectors.State(Acme, default)).Vectors).Key);
        Assert.Equal(4, await Rows());
        await Put(2, Record("c", "three"));
        await Fill(New, _ => Axis(1));
        await Keep(New);
        Assert.Equal(3, await Rows());
    }

    [Fact]
    public async Task A_transaction_that_fails_half_way_keeps_none_of_its_vectors()
    {
        await Put(1, Record("a", "one"), Record("b", "two"));
        var lacking = await Vectors.Lacking(Acme, Old, 10, default);
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.Files.Write<bool>(Acme, IndexSchema.Kind, d =>
        {
            new SqliteVectors(d).Keep(Old, VectorBatch.Encode(Old, [new ChunkVector(lacking[0].ChunkId, Axis(0))]));
            throw new InvalidOperationException("killed");
        }, default));
        Assert.Equal(2, (await Vectors.Lacking(Acme, Old, 10, default)).Count);
    }

    private Task<long> Rows() => store.Files.Read(Acme, IndexSchema.Kind, d => d.Scalar("SELECT count(*) FROM vector"), 0, default);
}
