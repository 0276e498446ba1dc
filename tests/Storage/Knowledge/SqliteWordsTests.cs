using System.Globalization;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Large indexes are asked in memory, and answer as the file does.</summary>
public sealed class SqliteWordsTests : IAsyncDisposable
{
    private static readonly TenantId Acme = TenantId.Parse("acme"), Beta = TenantId.Parse("beta");
    private readonly ScratchStore store = new(options => options.WordsFrom = 20);
    private readonly WordCounter counter = new(new WordAnalyzer());

    public ValueTask DisposeAsync() => store.DisposeAsync();

    [Fact]
    public async Task A_large_index_is_answered_from_memory_as_from_the_file()
    {
        await Put(Acme, 200, number => $"passage {number} of words w{number % 7} w{number % 31} common");
        var onDisk = new SqliteIndexStore(store.Files, store.Cache, new WordCache(store.Files, new() { WordsMib = 0 }));
        Assert.Equal(await Told(onDisk, "w3", "w5"), await Told(store.Index, "w3", "w5"));
        await Filled();
        foreach (var words in (string[][])[["w3"], ["w3", "w30"], ["common"], ["absent", "w6"], ["passage", "17"]])
            Assert.Equal(await Told(onDisk, words), await Told(store.Index, words));
        Assert.True(store.Words.Bytes > 0);
        Assert.Equal(await onDisk.DocumentFrequency(Acme, ["w3", "common", "absent"], default), await store.Index.DocumentFrequency(Acme, ["w3", "common", "absent"], default));
    }

    [Fact]
    public async Task What_leaves_and_what_comes_is_told_at_once()
    {
        await Put(Acme, 100, number => $"common w{number}");
        await Told(store.Index, "common");
        await Filled();
        await Put(Acme, 1, _ => "other words instead", from: 42);
        await Put(Acme, 1, _ => "common newcomer", from: 500);
        Assert.Equal("0 of 101: ", await Told(store.Index, "w42"));
        Assert.Equal("1 of 101: 42", await Told(store.Index, "instead"));
        Assert.Equal("1 of 101: 500", await Told(store.Index, "newcomer"));
        Assert.Equal(100, (await Ask(store.Index, 400, "common")).Matched);
        Assert.True(store.Words.Bytes > 0);
    }

    /// <summary>Goal: whoever was not told that a passage left still never gives it. Method: a second store over the same files, whose removals the first is not told.</summary>
    [Fact]
    public async Task A_passage_that_left_unheard_is_not_found_and_does_not_take_anothers_place()
    {
        await Put(Acme, 100, number => $"common w{number}");
        await Told(store.Index, "common");
        await Filled();
        var another = new SqliteIndexStore(store.Files, store.Cache, new WordCache(store.Files, store.Options));
        for (var key = 0; key < 10; key++)
            await Put(Acme, 1, _ => "gone", from: key, into: another);
        var found = await Ask(store.Index, 90, "common");
        Assert.Equal((90, 90L), (found.Chunks.Count, found.Matched));
        Assert.Empty((await Ask(store.Index, 10, "w3")).Chunks);
    }

    [Fact]
    public async Task One_tenants_words_are_nothing_to_another()
    {
        await Put(Acme, 50, number => $"secret w{number}");
        await Put(Beta, 50, number => $"public w{number}");
        await Told(store.Index, "w1");
        await store.Index.Candidates(Beta, new CandidateQuery(["w1"], ["w1"], null, 5), default);
        await Filled();
        Assert.Empty((await store.Index.Candidates(Beta, new CandidateQuery(["secret"], ["secret"], null, 5), default)).Chunks);
        Assert.Equal(50, (await Ask(store.Index, 100, "secret")).Matched);
    }

    [Fact]
    public async Task An_emptied_index_is_empty_and_one_filled_anew_answers_anew()
    {
        await Put(Acme, 50, number => $"old w{number}");
        await Told(store.Index, "old");
        await Filled();
        await store.Index.Reset(Acme, 1, default);
        Assert.Equal("0 of 0: ", await Told(store.Index, "old"));
        await Put(Acme, 50, number => $"new w{number}");
        await Told(store.Index, "new");
        await Filled();
        Assert.Equal("0 of 50: ", await Told(store.Index, "old"));
        Assert.Equal("1 of 50: 7", await Told(store.Index, "w7"));
    }

    [Fact]
    public async Task Words_that_do_not_fit_are_asked_of_the_file()
    {
        await using var small = new ScratchStore(options => (options.WordsFrom, options.WordsMib) = (1, 1));
        await small.Index.Apply(Acme, new(0, 0), new(1, 1), [Record("a", "words")], DateTimeOffset.UnixEpoch, default);
        var many = string.Join(' ', Enumerable.Range(0, 60_000).Select(number => $"x{number}"));
        await small.Index.Apply(Acme, new(1, 1), new(2, 1), [Record("b", many)], DateTimeOffset.UnixEpoch, default);
        for (var round = 0; round < 2; round++)
        {
            Assert.Equal(1, (await Ask(small.Index, 5, "x59999")).Matched);
            await Filled(small);
        }
        Assert.Equal(0, small.Words.Bytes);
    }

    [Fact]
    public async Task A_search_of_named_keys_and_a_small_index_are_asked_of_the_file()
    {
        await Put(Acme, 10, number => $"common w{number}");
        await Told(store.Index, "common");
        Assert.Equal(0, store.Words.Bytes);
        await Put(Acme, 100, number => $"common w{number}");
        await Told(store.Index, "common");
        await Filled();
        var narrowed = new SearchFilter(Keys: new[] { "3", "5" });
        Assert.Equal(2, (await store.Index.Candidates(Acme, new CandidateQuery(["common"], ["common"], narrowed, 5), default)).Matched);
    }

    /// <summary>Goal: narrowed by stream, kind and time memory answers as the file does, counts included. Method: random records, replaced and deleted meanwhile; random filters, each asked of both.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Narrowed_by_stream_kind_and_time_memory_answers_as_the_file_does(int seed)
    {
        var random = new Random(seed);
        var onDisk = new SqliteIndexStore(store.Files, store.Cache, new WordCache(store.Files, new() { WordsMib = 0 }));
        await Some(random, 300);
        await Told(store.Index, "common");
        await Filled();
        for (var step = 0; step < 60; step++)
        {
            if (step % 10 == 9)
                await Some(random, 30);
            var filter = new SearchFilter(
                Streams: random.Next(2) == 0 ? null : [.. Enumerable.Range(0, random.Next(3)).Select(_ => $"s{random.Next(5)}")],
                Kind: random.Next(3) == 0 ? (ChunkKind)random.Next(1, 5) : null,
                From: random.Next(2) == 0 ? DateTimeOffset.UnixEpoch.AddMinutes(random.Next(100)) : null,
                Until: random.Next(2) == 0 ? DateTimeOffset.UnixEpoch.AddMinutes(random.Next(100)) : null);
            string[] words = random.Next(2) == 0 ? ["common"] : [$"w{random.Next(9)}", "common"];
            var (memory, file) = (await Ask(store.Index, filter, words), await Ask(onDisk, filter, words));
            Assert.True(memory == file, $"seed {seed}, step {step}, {filter}: {memory}, not {file}");
        }
        Assert.True(store.Words.Bytes > 0);
    }

    private static async Task<string> Ask(IIndexStore index, SearchFilter filter, string[] words)
    {
        var found = await index.Candidates(Acme, new CandidateQuery(words, words, filter, 1_000), default);
        return $"{found.Matched} of {found.TotalChunks}, {found.ScopeChunks}: {string.Join(' ', found.Chunks.Select(chunk => chunk.ChunkId).Order())} {string.Join(' ', found.DocumentFrequency.OrderBy(word => word.Key, StringComparer.Ordinal))}";
    }

    /// <summary>Records of a few streams, kinds and times, some of which replace others or take them away.</summary>
    private async Task Some(Random random, int count)
    {
        var cursor = await store.Index.Cursor(Acme, default);
        var records = Enumerable.Range(0, count).Select(_ => random.Next(400)).Distinct().Select(key =>
        {
            var record = Record($"{key}", $"common w{random.Next(9)} w{random.Next(9)}") with { Stream = $"s{key % 4}", At = DateTimeOffset.UnixEpoch.AddMinutes(random.Next(100)) };
            return record with { Chunks = random.Next(9) == 0 ? [] : [record.Chunks[0] with { Kind = (ChunkKind)random.Next(1, 4) }] };
        }).ToList();
        Assert.True(await store.Index.Apply(Acme, cursor, new IndexCursor(cursor.Position + 1, 1), records, DateTimeOffset.UnixEpoch, default));
    }

    private Task Filled(ScratchStore? of = null) => (of ?? store).Words.Filled;

    private async Task<string> Told(IIndexStore index, params string[] words)
    {
        var found = await Ask(index, 400, words);
        var keys = (await index.Chunks(Acme, [.. found.Chunks.Select(chunk => chunk.ChunkId)], default)).Select(chunk => chunk.Key).Order(StringComparer.Ordinal);
        return $"{found.Matched} of {found.TotalChunks}: {string.Join(' ', keys)}";
    }

    private static Task<CandidateSet> Ask(IIndexStore index, int limit, params string[] words) => index.Candidates(Acme, new CandidateQuery(words, words, null, limit), default);

    private async Task Put(TenantId tenant, int count, Func<int, string> text, int from = 0, IIndexStore? into = null)
    {
        var cursor = await store.Index.Cursor(tenant, default);
        var next = new IndexCursor(cursor.Position + 1, 1);
        Assert.True(await (into ?? store.Index).Apply(tenant, cursor, next, [.. Enumerable.Range(from, count).Select(number => Record(number.ToString(CultureInfo.InvariantCulture), text(number)))], DateTimeOffset.UnixEpoch, default));
    }

    private IndexedRecord Record(string key, string text)
    {
        var chunk = new Chunk(0, ChunkKind.Entity, text, null, [], [new("text", 0, text.Length, 0)]);
        return new IndexedRecord("notes", key, 1, 1, DateTimeOffset.UnixEpoch, "", new Dictionary<string, string>(), [chunk with { Words = ChunkWords.Write(counter.Count(chunk, "")) }]);
    }
}
