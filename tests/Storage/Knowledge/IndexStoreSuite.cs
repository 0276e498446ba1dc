using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>What every engine's index must do. An engine derives, and gives fresh stores.</summary>
public abstract class IndexStoreSuite : IAsyncLifetime
{
    protected static readonly TenantId Acme = TenantId.Parse("acme");
    protected static readonly IndexCursor Start = new(0, 0);
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    protected abstract IIndexStore Index { get; }

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public abstract Task DisposeAsync();

    [EngineFact]
    public async Task A_tenant_without_an_index_reads_as_empty()
    {
        Assert.Equal(Start, await Index.Cursor(Acme, default));
        Assert.Empty((await Ask("anything")).Chunks);
        Assert.Empty((await Ask("anything", new SearchFilter(Keys: new[] { "a" }))).Chunks);
        Assert.Empty(await Index.ChunksOf(Acme, "notes", "a", default));
        Assert.Empty(await Index.Chunks(Acme, [1, 2], default));
        Assert.Empty(await Index.DocumentFrequency(Acme, ["anything"], default));
        Assert.Null(await Index.StateOf(Acme, "notes", "a", default));
    }

    [EngineFact]
    public async Task What_is_put_is_given_back_whole_and_found()
    {
        var chunk = new Chunk(0, ChunkKind.Turns, "Ann: the 🙂 budget", "0:01", ["Ann", "Bob \"B\" [x]"], [new("turns[0].speaker", 0, 3, 0), new("turns[0].text", 4, 13, 5)]) { Words = new byte[] { 1, 0, 255 } };
        Assert.True(await Put(1, Record("a", [chunk]) with { Title = "Kickoff" }));
        var stored = Assert.Single(await Index.ChunksOf(Acme, "notes", "a", default));
        Assert.Equal(("notes", "a", 1L, Noon, "Kickoff"), (stored.Stream, stored.Key, stored.Version, stored.At, stored.Title));
        Assert.Equal((chunk.Text, chunk.Section, chunk.Kind, chunk.Ordinal), (stored.Chunk.Text, stored.Chunk.Section, stored.Chunk.Kind, stored.Chunk.Ordinal));
        Assert.Equal(chunk.Speakers, stored.Chunk.Speakers);
        Assert.Equal(chunk.Spans, stored.Chunk.Spans);
        var candidate = Assert.Single((await Ask("budget")).Chunks);
        Assert.Equal((stored.ChunkId, ChunkKind.Turns, 0), (candidate.ChunkId, candidate.Kind, candidate.Ordinal));
        Assert.Equal(chunk.Speakers, candidate.Speakers);
        Assert.Equal(new byte[] { 1, 0, 255 }, candidate.Words.ToArray());
        Assert.Equal(new IndexedState(1, 1, Noon), await Index.StateOf(Acme, "notes", "a", default));
    }

    /// <summary>An engine that knows no stamps says null, and answers over it are not remembered.</summary>
    [EngineFact]
    public async Task A_stamp_stands_while_the_index_does_and_never_comes_back()
    {
        var seen = new List<string?> { await Index.Stamp(Acme, default) };
        for (var round = 0; round < 3; round++)
        {
            await Put(1, Record("a", "some words"), Record("b", "other words"));
            seen.Add(await Index.Stamp(Acme, default));
            Assert.Equal(seen[^1], await Index.Stamp(Acme, default));
            await Put(2, Record("a", $"words of round {round}") with { Version = 2 });
            seen.Add(await Index.Stamp(Acme, default));
            await Index.Reset(Acme, 7, default);
            seen.Add(await Index.Stamp(Acme, default));
        }
        // An empty index under one version is one index, however often it was emptied.
        Assert.True(seen.All(stamp => stamp is null) || seen.Where((_, at) => at == 0 || at % 3 != 0).Distinct().Count() == 7, string.Join(" | ", seen));
    }

    [EngineFact]
    public async Task A_newer_version_takes_the_place_of_the_older()
    {
        await Put(1, Record("a", "old words", "more of the old"), Record("b", "other words"));
        await Put(2, Record("a", "new words") with { Version = 2 });
        Assert.Empty((await Ask("old")).Chunks);
        Assert.Equal(2, (await Ask("words")).Matched);
        Assert.Equal(2, (await Ask("words")).TotalChunks);
        Assert.Equal((2L, 1), (await Index.StateOf(Acme, "notes", "a", default)) is { } state ? (state.Version, state.Chunks) : default);
        Assert.Equal(1, (await Index.DocumentFrequency(Acme, ["new", "old"], default)).Single().Value);
    }

    [EngineFact]
    public async Task A_record_without_chunks_leaves_the_index()
    {
        await Put(1, Record("a", "some words"));
        await Put(2, Record("a") with { Version = 2 });
        Assert.Empty((await Ask("words")).Chunks);
        Assert.Equal(0, (await Ask("words")).TotalChunks);
        Assert.Equal(0, (await Index.StateOf(Acme, "notes", "a", default))!.Chunks);
    }

    [EngineFact]
    public async Task Erased_records_are_not_known_any_more_and_the_others_are_found()
    {
        await Put(1, Record("a", "some words", "more words"), Record("b", "other words"), Record("c", "last words"));
        await Put(2, Record("a") with { Version = 2 });
        for (var time = 0; time < 2; time++)
            await Index.Erase(Acme, [new("notes", "a"), new("notes", "c"), new("notes", "never"), new("elsewhere", "b")], default);
        Assert.Null(await Index.StateOf(Acme, "notes", "a", default));
        Assert.Null(await Index.StateOf(Acme, "notes", "c", default));
        Assert.Empty(await Index.ChunksOf(Acme, "notes", "c", default));
        var found = await Ask("words");
        Assert.Equal((1, 1L, 1L), (found.Chunks.Count, found.Matched, found.TotalChunks));
        Assert.Equal(new IndexCursor(2, 1), await Index.Cursor(Acme, default));
        Assert.True(await Put(3, Record("c", "new words")));
        Assert.Equal(2, (await Ask("words")).TotalChunks);
    }

    [EngineFact]
    public async Task The_cursor_moves_with_the_records_or_neither_does()
    {
        Assert.True(await Put(5, Record("a", "first")));
        Assert.False(await Index.Apply(Acme, new IndexCursor(4, 1), new IndexCursor(6, 1), [Record("b", "second")], Noon, default));
        Assert.Equal(new IndexCursor(5, 1), await Index.Cursor(Acme, default));
        Assert.Null(await Index.StateOf(Acme, "notes", "b", default));
        await Assert.ThrowsAnyAsync<Exception>(() => Put(6, Record("c", "third"), Record("d", "half a character \ud83d")));
        Assert.Equal(new IndexCursor(5, 1), await Index.Cursor(Acme, default));
        Assert.Null(await Index.StateOf(Acme, "notes", "c", default));
        Assert.Equal(new IndexCursor(5, 1), (await Ask("first")).Cursor);
    }

    [EngineFact]
    public async Task A_reset_empties_the_index_and_sets_the_cursor_to_the_start()
    {
        await Put(5, Record("a", "first"));
        await Index.Reset(Acme, 7, default);
        Assert.Equal(new IndexCursor(0, 7), await Index.Cursor(Acme, default));
        Assert.Empty((await Ask("first")).Chunks);
        Assert.Equal(0, (await Ask("first")).TotalChunks);
        Assert.Null(await Index.StateOf(Acme, "notes", "a", default));
        Assert.True(await Index.Apply(Acme, new IndexCursor(0, 7), new IndexCursor(1, 7), [Record("a", "first again")], Noon, default));
        Assert.Single((await Ask("again")).Chunks);
    }

    [EngineFact]
    public async Task One_tenants_chunks_are_nothing_to_another()
    {
        await Put(1, Record("a", "secret words"));
        var other = TenantId.Parse("other");
        Assert.Empty((await Index.Candidates(other, new CandidateQuery(["secret"], ["secret"], null, 10), default)).Chunks);
        Assert.Empty(await Index.Chunks(other, [1], default));
        Assert.Empty(await Index.ChunksOf(other, "notes", "a", default));
    }

    public static TheoryData<string, string> Filters => new()
    {
        { "streams", "b c" }, { "two streams", "a b c d" }, { "keys", "a" }, { "kind", "d" }, { "speaker", "d" }, { "from", "c d" }, { "until", "a b" }, { "fields", "b" }, { "all", "b" }, { "none", "" },
    };

    [EngineTheory]
    [MemberData(nameof(Filters))]
    public async Task A_filter_leaves_what_matches_every_part_of_it(string filter, string expected)
    {
        await Put(1,
            Record("a", "word one") with { Stream = "mail" },
            Record("b", "word two") with { Fields = new Dictionary<string, string> { ["stage"] = "won", ["owner"] = "o'brien\"" } },
            Record("c", "word three") with { At = Noon.AddDays(1), Fields = new Dictionary<string, string> { ["stage"] = "lost" } },
            Record("d", [new Chunk(0, ChunkKind.Turns, "word four", null, ["Ann Lee"], [new("turns[0].text", 0, 9, 0)])]) with { Stream = "mail", At = Noon.AddDays(2) });
        var found = await Ask("word", filter switch
        {
            "streams" => new SearchFilter(Streams: new[] { "notes" }),
            "two streams" => new SearchFilter(Streams: new[] { "notes", "mail" }),
            "keys" => new SearchFilter(Keys: new[] { "a", "nobody" }),
            "kind" => new SearchFilter(Kind: ChunkKind.Turns),
            "speaker" => new SearchFilter(Speaker: "ann lee"),
            "from" => new SearchFilter(From: Noon.AddDays(1)),
            "until" => new SearchFilter(Until: Noon.AddDays(1)),
            "fields" => new SearchFilter(Fields: new Dictionary<string, string> { ["stage"] = "won", ["owner"] = "o'brien\"" }),
            "all" => new SearchFilter(new[] { "notes" }, new[] { "a", "b" }, ChunkKind.Entity, null, Noon, Noon.AddDays(1), new Dictionary<string, string> { ["stage"] = "won" }),
            _ => new SearchFilter(Streams: new[] { "x' OR 1=1 --" }),
        });
        Assert.Equal(expected, string.Join(' ', (await Texts(found)).Select(c => c.Key).Order()));
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length, found.Matched);
    }

    [EngineFact]
    public async Task Of_named_records_all_chunks_come_if_they_fit_and_the_best_if_not()
    {
        await Put(1, Record("a", "alpha", "beta", "gamma", "beta beta"), Record("b", "beta"));
        var whole = await Ask("beta", new SearchFilter(Keys: new[] { "a" }));
        Assert.Equal([0, 1, 2, 3], whole.Chunks.Select(c => c.Ordinal));
        Assert.Equal((2L, 4L, 5L), (whole.Matched, whole.ScopeChunks!.Value, whole.TotalChunks));
        var part = await Index.Candidates(Acme, new CandidateQuery(["beta"], ["beta"], new SearchFilter(Keys: new[] { "a" }), 2), default);
        Assert.Equal([1, 3], part.Chunks.Select(c => c.Ordinal).Order());
    }

    [EngineFact]
    public async Task The_best_come_first_and_equals_in_the_order_of_the_index()
    {
        await Put(1, [.. Enumerable.Range(0, 20).Select(i => Record($"{i:00}", i == 13 ? "apple apple apple" : "apple pear plum"))]);
        var found = await Texts(await Index.Candidates(Acme, new CandidateQuery(["apple"], ["appl"], null, 5), default));
        Assert.Equal(["13", "00", "01", "02", "03"], found.Select(c => c.Key));
    }

    [EngineFact]
    public async Task Chunks_come_in_the_order_asked_for_without_those_that_are_gone()
    {
        await Put(1, Record("a", "one"), Record("b", "two"), Record("c", "three"));
        var ids = new Dictionary<string, long>();
        foreach (var key in new[] { "a", "b", "c" })
            ids[key] = (await Index.ChunksOf(Acme, "notes", key, default)).Single().ChunkId;
        await Put(2, Record("b"));
        Assert.Equal(["c", "a"], (await Index.Chunks(Acme, [ids["c"], ids["b"], ids["a"], 99], default)).Select(c => c.Key));
    }

    [EngineTheory]
    [InlineData("\"")]
    [InlineData("\"\" OR \"")]
    [InlineData("NEAR(a b)")]
    [InlineData("title:x")]
    [InlineData("{title text}: word")]
    [InlineData("word*")]
    [InlineData("^word")]
    [InlineData("AND")]
    [InlineData("NOT")]
    [InlineData("-")]
    [InlineData("a\0b")]
    [InlineData("'; DROP TABLE chunk; --")]
    [InlineData("(((((((")]
    [InlineData("%")]
    [InlineData("\\")]
    public async Task No_syntax_of_the_engine_is_syntax_in_a_term(string term)
    {
        await Put(1, Record("a", "word title near and not"));
        var found = await Ask(term);
        Assert.All(await Texts(found), c => Assert.Equal("a", c.Key));
        Assert.Single((await Ask("word")).Chunks);
    }

    [EngineFact]
    public void Any_terms_are_answered() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var terms = Enumerable.Range(0, random.Next(1, 6)).Select(_ => string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => random.Next(2) == 0
                ? ((char)random.Next(128)).ToString() : new Rune(random.Next(0xE000, 0x10FFFF)).ToString()))).ToList();
            return Index.Candidates(Acme, new CandidateQuery(terms, terms, null, 10), default).GetAwaiter().GetResult().Matched == 0;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    /// <summary>Goal: the index holds exactly the newest chunks. Method: random puts and removals, compared with a dictionary.</summary>
    [EngineFact]
    public void Any_sequence_of_replacements_ends_with_the_newest_of_each() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            Follow(seed).GetAwaiter().GetResult();
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(12));

    private async Task Follow(int seed)
    {
        var random = new Random(seed);
        var tenant = TenantId.Parse($"t{seed}-{Guid.NewGuid():n}"[..24]);
        var model = new SortedDictionary<string, string[]>(StringComparer.Ordinal);
        var cursor = Start;
        for (var step = 1; step <= 10; step++)
        {
            var records = Enumerable.Range(0, random.Next(1, 5)).Select(_ => $"k{random.Next(6)}").Distinct()
                .Select(key => (Key: key, Texts: Enumerable.Range(0, random.Next(3)).Select(_ => $"w{random.Next(9)} w{random.Next(9)}").ToArray())).ToList();
            var next = new IndexCursor(step, 1);
            Assert.True(await Index.Apply(tenant, cursor, next, [.. records.Select(r => Record(r.Key, r.Texts) with { Version = step })], Noon, default));
            cursor = next;
            foreach (var (key, texts) in records)
                model[key] = texts;
        }
        foreach (var (key, texts) in model)
            Assert.Equal(texts, (await Index.ChunksOf(tenant, "notes", key, default)).Select(c => c.Chunk.Text));
        for (var w = 0; w < 9; w++)
        {
            var holding = model.Values.SelectMany(texts => texts).Count(text => text.Split(' ').Contains($"w{w}"));
            var found = await Index.Candidates(tenant, new CandidateQuery([$"w{w}"], [$"w{w}"], null, 100), default);
            Assert.Equal((holding, (long)holding, (long)model.Values.Sum(t => t.Length)), (found.Chunks.Count, found.Matched, found.TotalChunks));
            Assert.Equal(holding, found.DocumentFrequency.GetValueOrDefault($"w{w}"));
        }
    }

    [EngineFact]
    public async Task Names_in_code_are_found_by_their_parts_and_whole_until_the_code_is_replaced()
    {
        static IndexedRecord Code(string text) => Record("a", [new Chunk(0, ChunkKind.Function, text, "log.cs:1-9 · Log.RefuseStale()", [], [new("text", 0, text.Length, 0)])]);
        Assert.True(await Put(1, Code("bool IsFencedEpoch(int lease_holder) => false;"), Record("b", "IsFencedEpoch")));
        foreach (var term in (string[])["fenced", "leaseholder", "holder", "refuse"])
            Assert.Equal("a", Assert.Single(await Texts(await Ask(term))).Key);
        Assert.Equal(2, (await Ask("isfencedepoch")).Chunks.Count);
        var stored = Assert.Single(await Index.ChunksOf(Acme, "notes", "a", default)).Chunk;
        Assert.Equal((ChunkKind.Function, "bool IsFencedEpoch(int lease_holder) => false;"), (stored.Kind, stored.Text));
        Assert.True(await Put(2, Code("bool IsOpen() => true;")));
        Assert.Empty((await Ask("fenced")).Chunks);
        Assert.Empty((await Ask("leaseholder")).Chunks);
        Assert.Single((await Ask("open")).Chunks);
    }

    protected static IndexedRecord Record(string key, params string[] texts) =>
        Record(key, [.. texts.Select((text, i) => new Chunk(i, ChunkKind.Entity, text, null, [], [new("text", 0, text.Length, 0)]))]);

    private static IndexedRecord Record(string key, IReadOnlyList<Chunk> chunks) => new("notes", key, 1, 1, Noon, "", new Dictionary<string, string>(), chunks);

    protected async Task<bool> Put(long position, params IndexedRecord[] records) =>
        await Index.Apply(Acme, await Index.Cursor(Acme, default), new IndexCursor(position, 1), records, Noon, default);

    protected Task<CandidateSet> Ask(string term, SearchFilter? filter = null) => Index.Candidates(Acme, new CandidateQuery([term], [term], filter, 10), default);

    private Task<IReadOnlyList<IndexedChunk>> Texts(CandidateSet found) => Index.Chunks(Acme, [.. found.Chunks.Select(c => c.ChunkId)], default);
}
