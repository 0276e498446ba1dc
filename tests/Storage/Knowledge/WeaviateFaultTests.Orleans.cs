using FsCheck;
using FsCheck.Fluent;
using Sophia.Knowledge.StandIn;
using Sophia.Log;
using Sophia.Servers;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>What becomes of the index while Weaviate fails, and afterwards. Method: the stand-in fails on command, and its objects are looked at beside the store's answers.</summary>
[NeedsPostgres]
public sealed class WeaviateFaultTests : IAsyncLifetime
{
    private const string Secret = "topsecret";
    private static readonly TenantId Acme = TenantId.Parse("acme");
    private static readonly IndexCursor Start = new(0, 0);
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly WeaviateWorld world = new();

    public Task InitializeAsync() => world.Start();

    public async Task DisposeAsync() => await world.DisposeAsync();

    public static TheoryData<string, Trouble> WritesThatFail
    {
        get
        {
            var data = new TheoryData<string, Trouble>();
            foreach (var call in new[] { "TenantsGet", "POST /schema/{className}/tenants", "BatchObjects" })
                foreach (var trouble in new[] { Trouble.TooMany, Trouble.Unavailable, Trouble.Broken, Trouble.AnswerLost })
                    data.Add(call, trouble);
            return data;
        }
    }

    [EngineTheory]
    [MemberData(nameof(WritesThatFail))]
    public async Task A_write_that_fails_leaves_the_index_as_it_was_says_no_text_and_succeeds_later(string call, Trouble trouble)
    {
        world.StandIn.Fate = name => name == call ? trouble : Trouble.None;
        var failure = await Assert.ThrowsAsync<StorageException>(() => Apply(world.Store, Start, 1, Record("a", $"{Secret} words", "more")));
        Assert.DoesNotContain(Secret, failure.ToString());
        world.StandIn.Fate = _ => Trouble.None;
        Assert.Equal((Start, ""), (await world.Store.Cursor(Acme, default), await Found("words")));
        Assert.True(await Apply(world.Store, Start, 1, Record("a", "words", "more")));
        await HoldsExactly("more", "words");
    }

    [EngineTheory]
    [InlineData(Trouble.TooMany)]
    [InlineData(Trouble.Unavailable)]
    [InlineData(Trouble.Broken)]
    public async Task A_search_is_refused_while_Weaviate_fails_and_answered_afterwards(Trouble trouble)
    {
        await Apply(world.Store, Start, 1, Record("a", "words"));
        world.StandIn.Fate = _ => trouble;
        var failure = await Assert.ThrowsAsync<StorageException>(() => Found("words"));
        Assert.Contains(world.Connection.Options.Server, failure.Message);
        Assert.DoesNotContain(Secret, failure.ToString());
        Assert.Null(world.Connection.NotReadyBecause);
        world.StandIn.Fate = _ => Trouble.None;
        Assert.Equal("words", await Found("words"));
    }

    [EngineFact]
    public async Task Who_does_not_answer_is_waited_for_as_long_as_the_options_say()
    {
        await Apply(world.Store, Start, 1, Record("a", "words"));
        var time = new ManualTime();
        var (store, connection) = world.Another(time: time);
        await store.Cursor(Acme, default);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world.StandIn.Fate = call =>
        {
            if (call != "Search")
                return Trouble.None;
            asked.TrySetResult();
            return Trouble.Silent;
        };
        var found = Found("words", store);
        await asked.Task;
        time.Advance(connection.Options.ReadWithin);
        var failure = await Assert.ThrowsAsync<StorageException>(() => found);
        Assert.Equal((StorageFault.Unreachable, true), (failure.Fault, failure.Message.EndsWith("did not answer in time.", StringComparison.Ordinal)));
    }

    [EngineFact]
    public async Task Nobody_at_the_address_is_said_and_found_once_somebody_is_there()
    {
        var (rest, grpc) = (world.StandIn.RestPort, world.StandIn.GrpcPort);
        var (store, connection) = world.Another();
        await world.StandIn.DisposeAsync();
        var failure = await Assert.ThrowsAsync<StorageException>(() => store.Cursor(Acme, default));
        Assert.Equal(StorageFault.Unreachable, failure.Fault);
        Assert.Equal(failure.Message, connection.NotReadyBecause);
        await using var back = await WeaviateStandIn.Start(null, rest, grpc);
        Assert.Equal(Start, await store.Cursor(Acme, default));
        Assert.Null(connection.NotReadyBecause);
    }

    [EngineFact]
    public async Task A_wrong_key_is_said_without_the_key()
    {
        await using var locked = new WeaviateWorld();
        await locked.Start("right-key");
        Assert.True(await Apply(locked.Store, Start, 1, Record("a", "words")));
        var (store, connection) = locked.Another(options => options with { Key = "wrong-key" });
        var failure = await Assert.ThrowsAsync<StorageException>(() => store.Cursor(Acme, default));
        Assert.Contains("SOPHIA_WEAVIATE_KEY", failure.Message);
        Assert.DoesNotContain("wrong-key", failure.ToString());
        Assert.NotNull(connection.NotReadyBecause);
    }

    [EngineFact]
    public async Task Passages_that_Weaviate_refuses_are_the_records_matter_and_a_Weaviate_that_takes_none_is_the_stores()
    {
        await Apply(world.Store, Start, 1, Record("a", "old"));
        foreach (var trouble in new[] { Trouble.HalfRefused, Trouble.TextRefused })
        {
            world.StandIn.Fate = call => call == "BatchObjects" ? trouble : Trouble.None;
            var refused = await Assert.ThrowsAsync<PassageRefusedException>(() => Apply(world.Store, new(1, 1), 2, Record("a", $"{Secret} new", "two")));
            Assert.DoesNotContain(Secret, refused.ToString());
        }
        world.StandIn.Fate = call => call == "BatchObjects" ? Trouble.AllRefused : Trouble.None;
        await Assert.ThrowsAsync<StorageException>(() => Apply(world.Store, new(1, 1), 2, Record("a", "new", "two")));
        world.StandIn.Fate = _ => Trouble.None;
        Assert.Equal(("old", new IndexCursor(1, 1)), (await Found("old"), await world.Store.Cursor(Acme, default)));
        Assert.True(await Apply(world.Store, new(1, 1), 2, Record("a", "new", "two")));
        await HoldsExactly("new", "two");
    }

    /// <summary>The process dies after its transaction and before what it replaced was swept.</summary>
    [EngineFact]
    public async Task What_was_not_swept_is_not_found_and_goes_with_the_next_batch()
    {
        await Apply(world.Store, Start, 1, Record("a", "word old", "word older"));
        world.StandIn.Fate = call => call == "BatchDelete" ? Trouble.Unavailable : Trouble.None;
        Assert.True(await Apply(world.Store, new(1, 1), 2, Record("a", "word new")));
        Assert.Equal(3, world.StandIn.Objects.All.Count());
        Assert.Equal("word new", await Found("word"));
        Assert.Equal("", await Found("old"));
        world.StandIn.Fate = _ => Trouble.None;
        Assert.True(await Apply(world.Store, new(2, 1), 3, Record("b", "other")));
        await HoldsExactly("other", "word new");
    }

    /// <summary>One activation stands still in the midst of its writing, another overtakes it, the first goes on: it must change nothing.</summary>
    [EngineFact]
    public async Task Of_two_activations_only_the_newer_counts_and_what_the_older_wrote_is_never_found()
    {
        await Apply(world.Store, Start, 1, Record("a", "word first", "word second"));
        var (slow, _) = world.Another(options => options with { BatchChunks = 1 });
        await slow.Cursor(Acme, default);
        using var goesOn = new SemaphoreSlim(0);
        var stands = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var written = 0;
        world.StandIn.Fate = call =>
        {
            if (call == "BatchObjects" && Interlocked.Increment(ref written) == 2)
            {
                stands.SetResult();
                goesOn.Wait();
            }
            return Trouble.None;
        };
        var overtaken = Task.Run(() => Apply(slow, new(1, 1), 2, Record("a", "word late", "word later")));
        await stands.Task;
        Assert.Equal("word first|word second", await Found("word"));
        Assert.True(await Apply(world.Store, new(1, 1), 3, Record("a", "word won")));
        goesOn.Release();
        Assert.False(await overtaken);
        Assert.Equal(("word won", new IndexCursor(3, 1)), (await Found("word"), await slow.Cursor(Acme, default)));
        Assert.True(await Apply(world.Store, new(3, 1), 4, Record("b", "other")));
        await HoldsExactly("other", "word won");
    }

    /// <summary>Goal: whatever fails, the index ends exact, and Weaviate holds nothing else. Method: random batches, each tried again until it passes, while random calls fail in random ways.</summary>
    [EngineFact]
    public void Any_sequence_of_failures_ends_with_the_newest_of_each_and_nothing_else() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            Follow(seed).GetAwaiter().GetResult();
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(4));

    private async Task Follow(int seed)
    {
        var random = new Random(seed);
        world.StandIn.Fate = _ => Trouble.None;
        await world.Store.Reset(Acme, 1, default);
        var model = new SortedDictionary<string, string[]>(StringComparer.Ordinal);
        for (var (step, cursor) = (1, new IndexCursor(0, 1)); step <= 8; step++)
        {
            var records = Enumerable.Range(0, 3).Select(_ => $"k{random.Next(5)}").Distinct().Select(key => Record(key, [.. Enumerable.Range(0, random.Next(3)).Select(i => $"word {key} {step} {i}")])).ToArray();
            var failing = random.Next(3);
            world.StandIn.Fate = call => { lock (random) return failing > 0 && call is "BatchObjects" or "BatchDelete" && random.Next(2) == 0 && failing-- > 0 ? (Trouble)random.Next(1, 5) : Trouble.None; };
            while (!await Tried(cursor, step, records))
                Assert.True((await world.Store.Cursor(Acme, default)).Position <= step);
            cursor = new IndexCursor(step, 1);
            foreach (var record in records)
                model[record.Key] = [.. record.Chunks.Select(chunk => chunk.Text)];
            Assert.Equal(model.Values.SelectMany(texts => texts).Order(StringComparer.Ordinal), (await Found("word")).Split('|', StringSplitOptions.RemoveEmptyEntries));
        }
        world.StandIn.Fate = _ => Trouble.None;
        Assert.True(await Apply(world.Store, new(8, 1), 9, Record("last", "word")));
        await HoldsExactly([.. model.Values.SelectMany(texts => texts).Append("word")]);
    }

    private async Task<bool> Tried(IndexCursor cursor, int step, IndexedRecord[] records)
    {
        try
        {
            return await Apply(world.Store, cursor, step, records);
        }
        catch (StorageException)
        {
            return false;
        }
    }

    [EngineFact]
    public async Task A_Weaviate_that_was_emptied_is_filled_anew_from_the_start()
    {
        await Apply(world.Store, Start, 5, Record("a", "words"));
        world.StandIn.Objects.Forget();
        var (store, _) = world.Another();
        Assert.Equal(Start, await store.Cursor(Acme, default));
        Assert.Equal("", await Found("words", store));
        Assert.Null(await store.StateOf(Acme, "notes", "a", default));
        Assert.True(await Apply(store, Start, 1, Record("a", "words again")));
        Assert.Equal("words again", await Found("words", store));
    }

    [EngineFact]
    public async Task Under_a_running_silo_too_an_emptied_Weaviate_is_noticed()
    {
        var time = new SetTime();
        var (store, _) = world.Another(time: time);
        await Apply(store, Start, 5, Record("a", "words"));
        world.StandIn.Objects.Forget();
        await Assert.ThrowsAsync<StorageException>(() => Found("words", store));
        time.Now += WeaviateConnection.LooksAgainAfter;
        await Assert.ThrowsAsync<StorageException>(() => Found("words", store));
        Assert.Equal(Start, await store.Cursor(Acme, default));
        Assert.True(await Apply(store, Start, 1, Record("a", "words again")));
        Assert.Equal("words again", await Found("words", store));
    }

    [EngineFact]
    public async Task A_tenant_comes_to_be_when_it_writes_and_never_by_being_asked_for()
    {
        await Apply(world.Store, Start, 1, Record("a", "words"));
        await world.Store.Candidates(TenantId.Parse("asker"), new CandidateQuery(["words"], ["word"], null, 10), default);
        await world.Store.DocumentFrequency(TenantId.Parse("asker"), ["word"], default);
        Assert.All(world.StandIn.Objects.Definitions, definition => Assert.Equal(["acme"], world.StandIn.Objects.TenantsOf(definition.Name)));
        Assert.Equal(["SophiaEntity", "SophiaFunction", "SophiaSection", "SophiaTurns"], world.StandIn.Objects.Definitions.Select(definition => definition.Name).Order());
    }

    [EngineFact]
    public async Task A_sweep_goes_on_until_nothing_is_left_however_few_go_at_a_time()
    {
        world.StandIn.Objects.DeletedAtOnce = 2;
        await Apply(world.Store, Start, 1, Record("a", "one", "two", "three", "four", "five", "six", "seven"));
        Assert.True(await Apply(world.Store, new(1, 1), 2, Record("a", "eight")));
        await HoldsExactly("eight");
        await world.Store.Reset(Acme, 1, default);
        Assert.Empty(world.StandIn.Objects.All);
    }

    [EngineFact]
    public async Task A_collection_that_Sophia_did_not_make_is_left_alone()
    {
        world.StandIn.Objects.Define(new System.Text.Json.Nodes.JsonObject { ["class"] = "OthersTurns", ["description"] = "not Sophia's" });
        var (store, connection) = world.Another(options => options with { Collections = "Others" });
        Assert.Contains("OthersTurns", (await Assert.ThrowsAsync<StorageException>(() => store.Cursor(Acme, default))).Message);
        Assert.Contains("OthersTurns", connection.NotReadyBecause);
    }

    private static IndexedRecord Record(string key, params string[] texts) => new("notes", key, 1, 1, Noon, "", new Dictionary<string, string>(),
        [.. texts.Select((text, i) => new Chunk(i, ChunkKind.Entity, text, null, [], [new("text", 0, text.Length, 0)]))]);

    private static Task<bool> Apply(WeaviateIndexStore store, IndexCursor expected, long position, params IndexedRecord[] records) =>
        store.Apply(Acme, expected, new IndexCursor(position, 1), records, Noon, default);

    private async Task<string> Found(string term, WeaviateIndexStore? store = null)
    {
        store ??= world.Store;
        var found = await store.Candidates(Acme, new CandidateQuery([term], [term], null, 50), default);
        var texts = await store.Chunks(Acme, [.. found.Chunks.Select(c => c.ChunkId)], default);
        Assert.Equal(found.Chunks.Count, texts.Count);
        return string.Join('|', texts.Select(c => c.Chunk.Text).Order(StringComparer.Ordinal));
    }

    /// <summary>Weaviate holds these passages and no other.</summary>
    private async Task HoldsExactly(params string[] texts)
    {
        Assert.Equal(texts.Order(StringComparer.Ordinal), world.StandIn.Objects.All.Select(stored => stored.Text("text")).Order(StringComparer.Ordinal));
        Assert.Equal(texts.Length, (await world.Store.State(Acme, default)).Chunks);
    }

    private sealed class SetTime : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
