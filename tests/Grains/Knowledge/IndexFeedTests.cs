using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>From the log into the index: what is new, what is wrong, what fails on the way.</summary>
public sealed class IndexFeedTests
{
    [Fact]
    public async Task A_record_is_not_indexed_again_by_another_chunker_than_the_index_s()
    {
        await using var world = new FeedWorld();
        await world.Store(("a", Note("the red house")));
        var cursor = await world.Follow();
        var chunker = new LogChunker(FeedWorld.Acme, world.Log, world.Options.Chunking);
        var mixed = new IndexFeed(FeedWorld.Acme, world.Log, async (after, rows, bytes, cancellation) => await chunker.Chunk(after, rows, bytes, cancellation) with { Version = RecordChunker.Version - 1 },
            world.Index, world.Options, TimeProvider.System, _ => Task.CompletedTask);
        var letter = new ProjectionDeadLetter(cursor.Position, "notes", "a", "no good", DateTimeOffset.UnixEpoch);
        var (applied, refused) = (world.Index.Tried.Count, await Assert.ThrowsAsync<Operations.RefusedException>(() => mixed.Redo(letter, cursor, default)));
        Assert.Equal((Operations.RefusalCode.Unavailable, applied), (refused.Code, world.Index.Tried.Count));
        Assert.Null(await world.Feed().Redo(letter, cursor, default));
    }

    [Fact]
    public async Task A_change_and_a_deletion_at_the_source_reach_the_index()
    {
        await using var world = new FeedWorld();
        await world.Store(("a", Note("the red house")), ("b", Note("the blue house")));
        await world.Follow();
        Assert.Equal("a b", await world.Found("house"));
        await world.Store(("a", Note("the green tree")), ("b", null));
        await world.Follow();
        Assert.Equal("", await world.Found("house"));
        Assert.Equal(("a", 2L), ((await world.Search("tree")).Hits.Single().Citation) is var cited ? (cited.Key, cited.Version) : default);
        await world.Store(("b", Note("the house again")));
        await world.Follow();
        Assert.Equal("b", await world.Found("house"));
    }

    [Fact]
    public async Task A_version_that_is_overtaken_within_a_batch_is_never_indexed()
    {
        await using var world = new FeedWorld();
        for (var i = 1; i <= 5; i++)
            await world.Store(("a", Note($"version {i}")));
        await world.Follow();
        Assert.Equal([5L], world.Index.Tried.SelectMany(t => t).Select(r => r.Version));
        Assert.Equal("version 5", JsonText((await world.Search("version")).Hits.Single()));
    }

    [Fact]
    public async Task A_batch_that_fails_is_taken_row_by_row_and_only_the_guilty_row_is_put_aside_after_three_attempts()
    {
        await using var world = new FeedWorld();
        await world.Store(("bad", Note("an older text")));
        await world.Follow();
        world.Index.Refuse = records => records.Any(r => r.Key == "bad" && r.Chunks.Count > 0) ? new InvalidOperationException("no good") : null;
        world.Index.Tried.Clear();
        await world.Store(("a", Note("text one")), ("bad", Note("text two")), ("c", Note("text three")));
        var end = await world.Follow();
        Assert.Equal(4, end.Position);
        Assert.Equal("a c", await world.Found("text"));
        var letter = Assert.Single(world.PutAside);
        Assert.Equal((3L, "notes", "bad", "InvalidOperationException: no good"), (letter.Position, letter.Stream, letter.Key, letter.Reason));
        Assert.Equal(3, world.Index.Tried.Count(t => t is [{ Key: "bad", Chunks.Count: > 0 }]));
        Assert.Equal(1, world.Index.Tried.Count(t => t.Count > 1));
    }

    [Theory]
    [InlineData("[1,2]")]
    [InlineData("{\"a\":\"half \\ud83d\"}")]
    [InlineData("{")]
    public async Task A_record_that_cannot_be_read_is_put_aside_and_does_not_stop_the_rest(string json)
    {
        await using var world = new FeedWorld();
        await world.Store(("a", Note("text")), ("bad", json), ("b", Note("text")));
        await world.Follow();
        Assert.Equal("a b", await world.Found("text"));
        Assert.Equal("bad", Assert.Single(world.PutAside).Key);
    }

    [Fact]
    public async Task A_failing_disk_is_nobodys_fault_and_leaves_everything_for_the_next_time()
    {
        await using var world = new FeedWorld();
        await world.Store(("a", Note("text")), ("b", Note("text")));
        world.Index.Refuse = _ => new StorageException(StorageFault.Full, "No space left.");
        await Assert.ThrowsAsync<StorageException>(() => world.Follow());
        Assert.Equal(new IndexCursor(0, 0), await world.Index.Cursor(FeedWorld.Acme, default));
        world.Index.Refuse = _ => null;
        await world.Follow();
        Assert.Equal("a b", await world.Found("text"));
        Assert.Empty(world.PutAside);
    }

    [Fact]
    public async Task What_was_committed_before_a_crash_is_not_done_again()
    {
        await using var world = new FeedWorld();
        await world.Store(("a", Note("text")));
        var feed = world.Feed();
        world.Index.LoseAnswer = true;
        await Assert.ThrowsAsync<StorageException>(() => feed.Step(new IndexCursor(0, 0), default));
        // The one that lost the answer does not know better, and is put right by the cursor in the index.
        var step = await feed.Step(new IndexCursor(0, 0), default);
        Assert.Equal((1L, true), (step.Cursor.Position, step.Moved));
        Assert.Equal(1, (await world.Search("text")).Matched);
        Assert.Equal(1L, (await world.Follow()).Position);
    }

    [Fact]
    public async Task Two_that_follow_at_once_index_everything_once()
    {
        await using var world = new FeedWorld();
        world.Options.BatchRows = 7;
        await world.Store([.. Enumerable.Range(0, 100).Select(i => ($"k{i}", (string?)Note("text")))]);
        await Task.WhenAll(world.Follow(), world.Follow(), world.Follow());
        Assert.Equal(100, (await world.Search("text")).Matched);
        Assert.Equal(100, (await world.Index.Cursor(FeedWorld.Acme, default)).Position);
    }

    /// <summary>Goal: however the index came about, it is what the log says. Method: random versions taken in as they come, then again from the start; both answer alike, and every citation is exact.</summary>
    [Fact]
    public void A_rebuilt_index_equals_the_one_that_grew() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            Compare(seed).GetAwaiter().GetResult();
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(8));

    private static async Task Compare(int seed)
    {
        await using var world = new FeedWorld();
        var random = new Random(seed);
        for (var round = 0; round < 6; round++)
        {
            await world.Store([.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => $"k{random.Next(8)}").Distinct().Select(key => (key, random.Next(5) == 0 ? null : AnyRecord(random)))]);
            world.Options.BatchRows = random.Next(1, 5);
            if (random.Next(2) == 0)
                await world.Follow();
        }
        await world.Follow();
        var grown = await Everything(world);
        await world.Index.Reset(FeedWorld.Acme, RecordChunker.Version, default);
        world.Options.BatchRows = 500;
        await world.Follow();
        Assert.Equal(grown, await Everything(world));
    }

    private static string AnyRecord(Random random) => random.Next(4) switch
    {
        0 => SomeRecords.Transcript(random),
        1 => SomeRecords.Document(random, markdown: true),
        2 => SomeRecords.Document(random, markdown: false),
        _ => SomeRecords.Entity(random),
    };

    private static async Task<List<string>> Everything(FeedWorld world)
    {
        var lines = new List<string>();
        for (var key = 0; key < 8; key++)
            foreach (var chunk in await world.Index.ChunksOf(FeedWorld.Acme, "notes", $"k{key}", default))
                lines.Add(JsonSerializer.Serialize(chunk with { ChunkId = 0 }));
        foreach (var question in new[] { "budget meeting", "remote control", "日本語の文章", "what did Speaker A say about the budget" })
        {
            var answer = await world.Search(question);
            foreach (var hit in answer.Hits)
                await IsExact(world, hit);
            // Equals may change places, since ids are given in the order of indexing.
            lines.AddRange(answer.Hits.Select(hit => $"{hit.Score:0.000000} {hit.Citation.Key} {hit.Text}").Order(StringComparer.Ordinal));
        }
        return lines;
    }

    private static async Task IsExact(FeedWorld world, SearchHit hit)
    {
        var entry = (await world.Log.Newest(FeedWorld.Acme, hit.Citation.Stream, hit.Citation.Key, default))!;
        Assert.Equal(entry.Version, hit.Citation.Version);
        using var record = JsonDocument.Parse(entry.Payload);
        var from = 0;
        foreach (var span in hit.Citation.Spans)
        {
            var quoted = FieldPath.Text(record.RootElement, span.Field)!.Substring(span.Start, span.Length);
            var at = hit.Text.IndexOf(quoted, from, StringComparison.Ordinal);
            Assert.True(at >= 0, $"{span} is not what is shown");
            from = at + quoted.Length;
        }
        Assert.All(hit.Highlights, mark => Assert.True(mark.Start >= 0 && mark.Length > 0 && mark.Start + mark.Length <= hit.Text.Length));
    }

    [Fact]
    public async Task A_search_never_shows_what_another_tenant_has()
    {
        await using var world = new FeedWorld();
        var other = TenantId.Parse("other");
        await world.Store(("a", Note("secret of acme")));
        await world.Store(other, ("o", Note("secret of other")));
        await world.Follow();
        await world.Follow(other);
        var engine = new SearchEngine(world.Index, world.Log, TimeProvider.System);
        foreach (var (tenant, key) in new[] { (FeedWorld.Acme, "a"), (other, "o"), (FeedWorld.Acme, "a"), (TenantId.Parse("nobody"), null) })
        {
            var answer = await engine.Search(tenant, new SearchQuery("secret"), RankingOptions.Default, default);
            Assert.Equal(key is null ? [] : [key], answer.Hits.Select(h => h.Citation.Key));
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(700)]
    public async Task Only_records_are_waited_for(int messages)
    {
        await using var world = new FeedWorld();
        await world.Store(("a", Note("a word")));
        var reached = await world.Follow();
        await world.Say(messages);
        var caughtUp = await world.Search("word");
        Assert.Equal((reached.Position, reached.Position), (caughtUp.IndexedTo, caughtUp.Head));
        await world.Store(("b", Note("another word")));
        var behind = await world.Search("word");
        Assert.Equal((reached.Position, reached.Position + messages + 1), (behind.IndexedTo, behind.Head));
    }

    [Fact]
    public async Task A_search_says_how_many_passages_hold_each_word()
    {
        await using var world = new FeedWorld();
        await world.Store(("a", Note("renewal of the contract")), ("b", Note("the contract")));
        await world.Follow();
        var words = (await world.Search("Which contracts are up for renewal, Globex?")).Words!;
        Assert.Equal(2, words.Passages);
        Assert.Equal([("contract", 2L), ("globex", 0L), ("renew", 1L)], words.Holding.OrderBy(w => w.Key, StringComparer.Ordinal).Select(w => (w.Key, w.Value)));
    }

    private static string Note(string text) => JsonSerializer.Serialize(new { note = text });

    private static string JsonText(SearchHit hit) => hit.Text["note: ".Length..];
}
