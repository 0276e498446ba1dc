using FsCheck;
using FsCheck.Fluent;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>What every engine must do with vectors. An engine derives, and gives fresh stores over the same chunks.</summary>
public abstract class VectorStoreSuite : IAsyncLifetime
{
    protected static readonly TenantId Acme = TenantId.Parse("acme");
    protected static readonly EmbedderId Old = new("old-model", 1, Dimensions);
    protected static readonly EmbedderId New = new("new-model", 1, Dimensions);
    private const int Dimensions = 24;
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    protected abstract IIndexStore Index { get; }

    protected abstract IVectorStore Vectors { get; }

    /// <summary>How far a similarity may be from the exact one.</summary>
    protected virtual float Tolerance => 0.01f;

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public abstract Task DisposeAsync();

    [EngineFact]
    public async Task A_tenant_without_an_index_lacks_nothing()
    {
        Assert.Empty(await Vectors.Lacking(Acme, Old, 10, default));
        var state = await Vectors.State(Acme, default);
        Assert.Equal((null, 0L, 0), (state.Answering, state.Chunks, state.Vectors.Count));
        Assert.Empty((await Near(Old, Axis(0))).Chunks);
    }

    [EngineFact]
    public async Task Lacking_are_the_oldest_first_no_more_than_asked_and_not_those_that_are_done()
    {
        await Put(1, Record("a", "one", "two"), Record("b", "three") with { Title = "Third" });
        Assert.Equal(["one", "two"], (await Vectors.Lacking(Acme, Old, 2, default)).Select(c => c.Text));
        var all = await Vectors.Lacking(Acme, Old, 10, default);
        Assert.Equal(["", "", "Third"], all.Select(c => c.Title));
        await Keep(Old, (all[0], Axis(0)), (all[2], Axis(2)));
        Assert.Equal("two", Assert.Single(await Vectors.Lacking(Acme, Old, 10, default)).Text);
        Assert.Equal(3, (await Vectors.Lacking(Acme, New, 10, default)).Count);
        await Keep(Old, (all[1], []));
        Assert.Empty(await Vectors.Lacking(Acme, Old, 10, default));
        await Put(2, Record("c", "four"));
        Assert.Equal("four", Assert.Single(await Vectors.Lacking(Acme, Old, 10, default)).Text);
        Assert.Equal((4L, 3L), await Vectors.State(Acme, default) is var state ? (state.Chunks, state.Vectors[Old]) : default);
    }

    /// <summary>Answers are remembered under the stamp of the index, and vectors change them.</summary>
    [EngineFact]
    public async Task Vectors_that_come_or_answer_make_the_index_s_stamp_another_one()
    {
        await Put(1, Record("a", "one", "two"));
        var all = await Vectors.Lacking(Acme, Old, 10, default);
        var stamps = new List<string?> { await Index.Stamp(Acme, default) };
        await Keep(Old, (all[0], Axis(0)));
        stamps.Add(await Index.Stamp(Acme, default));
        await Keep(Old, (all[0], Axis(1)));
        stamps.Add(await Index.Stamp(Acme, default));
        await Vectors.Answer(Acme, Old, default);
        stamps.Add(await Index.Stamp(Acme, default));
        Assert.True(stamps.All(stamp => stamp is null) || stamps.Distinct().Count() == stamps.Count, string.Join(" | ", stamps));
    }

    [EngineFact]
    public async Task What_cannot_be_embedded_is_near_to_nothing_and_lacks_nothing()
    {
        await Put(1, Record("a", "one"), Record("b", "two"));
        await Fill(Old, chunk => chunk.Text == "one" ? [] : Axis(0));
        Assert.Empty(await Vectors.Lacking(Acme, Old, 10, default));
        Assert.Equal("two", await Found(Near(Old, Axis(0))));
    }

    [EngineFact]
    public async Task The_nearest_are_proposed_whether_a_term_stands_in_them_or_not()
    {
        await Put(1, Record("a", "apple"), Record("b", "pear"), Record("c", "plum"));
        await Fill(Old, chunk => chunk.Text switch { "apple" => Axis(0), "pear" => Between(0, 1, .8f), _ => Axis(3) });
        var found = await Near(Old, Axis(0), limit: 2, term: "plum");
        Assert.Equal(["plum", "apple", "pear"], (await Texts(found)).Select(c => c.Chunk.Text));
        Assert.Equal([0, 1, .8f], found.Chunks.Select(c => c.Similarity!.Value), new Close(Tolerance));
        Assert.Null(found.NotNear);
        Assert.Equal(1, found.Matched);
        Assert.All((await Index.Candidates(Acme, new CandidateQuery(["plum"], ["plum"], null, 10), default)).Chunks, c => Assert.Null(c.Similarity));
    }

    [EngineFact]
    public async Task A_chunk_that_leaves_takes_its_vectors_along()
    {
        await Put(1, Record("a", "one", "two"), Record("b", "three"));
        await Fill(Old, _ => Axis(0));
        await Fill(New, _ => Axis(0));
        await Vectors.Answer(Acme, Old, default);
        Assert.Equal("one three two", await Found(Near(Old, Axis(0))));
        await Put(2, Record("a") with { Version = 2 });
        Assert.Equal("three", await Found(Near(Old, Axis(0))));
        Assert.Equal((1L, 1L), await Vectors.State(Acme, default) is var state ? (state.Chunks, state.Vectors[Old]) : default);
    }

    [EngineFact]
    public async Task A_replaced_chunk_lacks_a_vector_until_it_gets_its_own()
    {
        await Put(1, Record("a", "one"), Record("b", "other"));
        await Fill(Old, chunk => chunk.Text == "one" ? Axis(0) : Axis(1));
        Assert.Equal("one", await Found(Near(Old, Axis(0), limit: 1)));
        await Put(2, Record("a", "one again") with { Version = 2 });
        Assert.Equal("other", await Found(Near(Old, Axis(0), limit: 1)));
        Assert.Equal("one again", Assert.Single(await Vectors.Lacking(Acme, Old, 10, default)).Text);
        await Fill(Old, _ => Axis(0));
        Assert.Equal("one again", await Found(Near(Old, Axis(0), limit: 1)));
    }

    [EngineFact]
    public async Task A_vector_that_is_kept_again_is_replaced()
    {
        await Put(1, Record("a", "one"), Record("b", "two"));
        var all = await Vectors.Lacking(Acme, Old, 10, default);
        await Fill(Old, chunk => chunk.Text == "one" ? Axis(0) : Axis(1));
        Assert.Equal("one", await Found(Near(Old, Axis(0), limit: 1)));
        await Keep(Old, (all[0], Axis(1)), (all[1], Axis(0)));
        Assert.Equal("two", await Found(Near(Old, Axis(0), limit: 1)));
        Assert.Equal(2, (await Vectors.State(Acme, default)).Vectors[Old]);
    }

    [EngineFact]
    public async Task A_vector_of_a_chunk_that_is_gone_is_dropped()
    {
        await Put(1, Record("a", "one"), Record("b", "two"));
        var all = await Vectors.Lacking(Acme, Old, 10, default);
        await Put(2, Record("a") with { Version = 2 });
        await Keep(Old, [.. all.Select(c => (c, Axis(0)))]);
        Assert.Equal(1, (await Vectors.State(Acme, default)).Vectors[Old]);
        Assert.Empty(await Vectors.Lacking(Acme, Old, 10, default));
    }

    [EngineFact]
    public async Task Another_embedder_is_built_beside_and_answers_when_told_to()
    {
        await Put(1, Record("a", "one"), Record("b", "two"));
        await Fill(Old, chunk => chunk.Text == "one" ? Axis(0) : Axis(1));
        await Keep(New, ((await Vectors.Lacking(Acme, New, 1, default))[0], Axis(5)));
        var state = await Vectors.State(Acme, default);
        Assert.Equal((Old, 2L, 1L), (state.Answering!, state.Vectors[Old], state.Vectors[New]));
        Assert.Equal("one", await Found(Near(Old, Axis(0), limit: 1)));
        Assert.NotNull((await Near(New, Axis(5))).NotNear);
        await Fill(New, _ => Axis(6), answer: false);
        Assert.Equal("one", await Found(Near(Old, Axis(0), limit: 1)));
        await Vectors.Answer(Acme, New, default);
        state = await Vectors.State(Acme, default);
        Assert.Equal(New, state.Answering);
        Assert.Equal(New, Assert.Single(state.Vectors).Key);
        Assert.NotNull((await Near(Old, Axis(0))).NotNear);
        Assert.Equal("two", await Found(Near(New, Axis(6), limit: 1)));
        Assert.Equal(2, (await Vectors.Lacking(Acme, Old, 10, default)).Count);
    }

    [EngineFact]
    public async Task Words_answer_alone_while_nobodys_vectors_do()
    {
        await Put(1, Record("a", "one"));
        var found = await Near(Old, Axis(0), term: "one");
        Assert.Single(found.Chunks);
        Assert.Contains("no passage has a vector", found.NotNear);
    }

    [EngineFact]
    public async Task A_vector_of_another_dimension_is_refused_whole()
    {
        await Put(1, Record("a", "one"), Record("b", "two"));
        var all = await Vectors.Lacking(Acme, Old, 10, default);
        await Assert.ThrowsAsync<ArgumentException>(() => Keep(Old, (all[0], Axis(0)), (all[1], new float[Dimensions + 1])));
        Assert.Equal(2, (await Vectors.Lacking(Acme, Old, 10, default)).Count);
    }

    [EngineFact]
    public async Task Tenants_vectors_are_apart()
    {
        var other = TenantId.Parse("other");
        await Put(1, Record("a", "ours"));
        await Index.Apply(other, new IndexCursor(0, 0), new IndexCursor(1, 1), [Record("a", "theirs")], Noon, default);
        await Fill(Old, _ => Axis(0));
        Assert.Empty((await Vectors.State(other, default)).Vectors);
        Assert.Equal("theirs", Assert.Single(await Vectors.Lacking(other, Old, 10, default)).Text);
        Assert.NotNull((await Index.Candidates(other, Query(Old, Axis(0), 10, "none", null), default)).NotNear);
    }

    [EngineFact]
    public async Task A_reset_takes_all_vectors()
    {
        await Put(1, Record("a", "one"));
        await Fill(Old, _ => Axis(0));
        Assert.Equal("one", await Found(Near(Old, Axis(0))));
        await Index.Reset(Acme, 1, default);
        Assert.Empty((await Vectors.State(Acme, default)).Vectors);
        await Put(2, Record("a", "again"));
        Assert.NotNull((await Near(Old, Axis(0))).NotNear);
        await Fill(Old, _ => Axis(0));
        Assert.Equal("again", await Found(Near(Old, Axis(0))));
    }

    public static TheoryData<string, string> Filters => new()
    {
        { "keys", "k1 k7" }, { "stream", "k0 k10 k20 k30 k40" }, { "fields", "k13" }, { "until", "k0 k1 k2" }, { "none", "" },
    };

    [EngineTheory]
    [MemberData(nameof(Filters))]
    public async Task What_is_near_must_pass_the_filter_however_far_the_nearest_that_does(string filter, string expected)
    {
        await Put(1, [.. Enumerable.Range(0, 50).Select(i => Record($"k{i}", $"text{i}") with
        {
            Stream = i % 10 == 0 ? "tens" : "notes", At = Noon.AddDays(i), Fields = i == 13 ? new Dictionary<string, string> { ["stage"] = "won" } : new Dictionary<string, string>(),
        })]);
        await Fill(Old, chunk => chunk.Text is "text0" or "text13" or "text1" or "text2" or "text7" or "text10" or "text20" or "text30" or "text40" ? Axis(1) : Axis(0));
        var found = await Near(Old, Axis(0), limit: 5, filter: filter switch
        {
            "keys" => new SearchFilter(Keys: new[] { "k1", "k7", "nobody" }),
            "stream" => new SearchFilter(Streams: new[] { "tens" }),
            "fields" => new SearchFilter(Fields: new Dictionary<string, string> { ["stage"] = "won" }),
            "until" => new SearchFilter(Until: Noon.AddDays(3)),
            _ => new SearchFilter(Speaker: "nobody"),
        });
        Assert.Equal(expected, string.Join(' ', (await Texts(found)).Select(c => c.Key).Order(StringComparer.Ordinal)));
    }

    /// <summary>Goal: what is proposed is what lies nearest, whatever came and went before. Method: random puts, removals and vectors, compared with every vector one by one.</summary>
    [EngineFact]
    public void Any_sequence_of_changes_ends_with_the_nearest_of_what_is_there() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            Follow(seed).GetAwaiter().GetResult();
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(8));

    private async Task Follow(int seed)
    {
        var random = new Random(seed);
        await Index.Reset(Acme, 1, default);
        var model = new Dictionary<string, float[]>();
        for (var step = 1; step <= 12; step++)
        {
            var keys = Enumerable.Range(0, random.Next(1, 8)).Select(_ => $"k{random.Next(20)}").Distinct().ToList();
            var records = keys.ConvertAll(key => random.Next(4) == 0 ? Record(key) : Record(key, $"{key} of {step}"));
            await Put(step, [.. records.Select(r => r with { Version = step })]);
            foreach (var record in records)
                model.Remove(record.Key);
            await Fill(Old, chunk => model[chunk.Text.Split(' ')[0]] = Drawn(random), most: random.Next(1, 9));
            var question = Drawn(random);
            var found = (await Near(Old, question, limit: 5)).Chunks;
            var nearest = model.Values.Select(v => Dot(v, question)).OrderDescending().Take(5).ToList();
            Assert.Equal(nearest, found.Select(c => c.Similarity!.Value).OrderDescending(), new Close(Tolerance));
        }
    }

    protected static IndexedRecord Record(string key, params string[] texts) => new("notes", key, 1, 1, Noon, "", new Dictionary<string, string>(),
        [.. texts.Select((text, i) => new Chunk(i, ChunkKind.Entity, text, null, [], [new("text", 0, text.Length, 0)]))]);

    protected async Task Put(long position, params IndexedRecord[] records) =>
        Assert.True(await Index.Apply(Acme, await Index.Cursor(Acme, default), new IndexCursor(position, 1), records, Noon, default));

    /// <summary>Gives every chunk that lacks one a vector, and lets the first embedder answer.</summary>
    protected async Task Fill(EmbedderId embedder, Func<ChunkText, float[]> vector, int most = int.MaxValue, bool answer = true)
    {
        if (answer && (await Vectors.State(Acme, default)).Answering is null)
            await Vectors.Answer(Acme, embedder, default);
        while (most > 0 && await Vectors.Lacking(Acme, embedder, Math.Min(most, 100), default) is { Count: > 0 } lacking)
        {
            await Keep(embedder, [.. lacking.Select(chunk => (chunk, vector(chunk)))]);
            most -= lacking.Count;
        }
    }

    protected Task Keep(EmbedderId embedder, params (ChunkText Chunk, float[] Vector)[] vectors) =>
        Vectors.Keep(Acme, embedder, [.. vectors.Select(v => new ChunkVector(v.Chunk.ChunkId, v.Vector))], default);

    protected Task<CandidateSet> Near(EmbedderId embedder, float[] question, int limit = 10, string term = "nothing", SearchFilter? filter = null) =>
        Index.Candidates(Acme, Query(embedder, question, limit, term, filter), default);

    protected async Task<string> Found(Task<CandidateSet> near) => string.Join(' ', (await Texts(await near)).Select(c => c.Chunk.Text).Order(StringComparer.Ordinal));

    protected static float[] Axis(int axis) => Between(axis, axis, 1);

    /// <summary>Of length 1, so near to the first axis.</summary>
    private static float[] Between(int first, int second, float near)
    {
        var vector = new float[Dimensions];
        vector[second] = MathF.Sqrt(1 - near * near);
        vector[first] = near;
        return vector;
    }

    private static float[] Drawn(Random random)
    {
        var vector = Enumerable.Range(0, Dimensions).Select(_ => random.NextSingle() - .5f).ToArray();
        var length = MathF.Sqrt(Dot(vector, vector));
        return [.. vector.Select(v => v / length)];
    }

    private static float Dot(float[] a, float[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static CandidateQuery Query(EmbedderId embedder, float[] question, int limit, string term, SearchFilter? filter) =>
        new([term], [term], filter, 10) { Near = new VectorQuery(embedder, question, limit) };

    private Task<IReadOnlyList<IndexedChunk>> Texts(CandidateSet found) => Index.Chunks(Acme, [.. found.Chunks.Select(c => c.ChunkId)], default);

    private sealed class Close(float tolerance) : IEqualityComparer<float>
    {
        public bool Equals(float x, float y) => Math.Abs(x - y) <= tolerance;

        public int GetHashCode(float value) => 0;
    }
}
