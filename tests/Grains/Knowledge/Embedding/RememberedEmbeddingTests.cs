using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Which texts a model is asked for again, and for whom.</summary>
public sealed class RememberedEmbeddingTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly CacheWorld world = new();
    private readonly Model model = new();
    private readonly RememberedEmbedding embedding;

    public RememberedEmbeddingTests() => embedding = Over(world.Cache);

    public void Dispose() => world.Dispose();

    [Fact]
    public async Task A_text_is_asked_for_once_and_its_vector_is_the_same_to_the_last_bit()
    {
        var first = await Embed(["a", "b"]);
        Assert.Equal(Told(first)[0], Told(await Embed(["a"]))[0]);
        var mixed = await Embed(["c", "b", "a"]);
        Assert.Equal([Model.VectorOf("c"), Model.VectorOf("b"), Model.VectorOf("a")], Told(mixed));
        Assert.Equal(["a", "b", "c"], model.Asked);
        Assert.Equal((3, 3), (world.Counted["source"], world.Counted["memory"]));
    }

    [Fact]
    public async Task A_text_that_stands_twice_in_a_call_is_asked_for_once()
    {
        Assert.Equal([Model.VectorOf("a"), Model.VectorOf("b"), Model.VectorOf("a")], Told(await Embed(["a", "b", "a"])));
        Assert.Equal(["a", "b"], model.Asked);
    }

    [Fact]
    public async Task One_tenant_s_vectors_are_not_another_s()
    {
        await Embed(["a"]);
        await Embed(["a"], CacheWorld.Beta);
        Assert.Equal(["a", "a"], model.Asked);
        world.Cache.Forget(CacheWorld.Beta);
        await Embed(["a"]);
        Assert.Equal(2, model.Asked.Count());
    }

    [Fact]
    public async Task Another_process_finds_in_the_shared_level_what_this_one_asked_for()
    {
        var texts = Enumerable.Range(0, 200).Select(n => $"text {n}").ToArray();
        await Embed(texts);
        var there = await Over(world.Another()).Embed(CacheWorld.Acme, texts, default);
        Assert.Equal(texts.Select(Model.VectorOf), Told(there));
        Assert.Equal(200, model.Asked.Count());
        Assert.Equal(200, world.Counted["shared"]);
    }

    [Fact]
    public async Task Calls_at_a_time_that_share_texts_ask_for_each_once()
    {
        await Embed(["before"]); // So that it is known who embeds.
        model.Gate = new TaskCompletionSource();
        var (one, two, three) = (Embed(["a", "b"]), Embed(["b", "c"]), Embed(["c", "a"]));
        model.Gate.SetResult();
        Assert.Equal(["a", "b", "b", "c", "c", "a"], (await Task.WhenAll(one, two, three)).SelectMany(Told).Select(Model.TextOf));
        Assert.Equal(["a", "b", "before", "c"], model.Asked.Order());
    }

    [Fact]
    public async Task A_call_that_fails_fails_nobody_who_waited_for_one_of_its_texts()
    {
        await Embed(["before"]);
        model.Gate = new TaskCompletionSource();
        var (bad, good) = (Embed(["a", "at fault"]), Embed(["a"]));
        model.Gate.SetResult();
        await Assert.ThrowsAsync<RefusedException>(() => bad);
        Assert.Equal([Model.VectorOf("a")], Told(await good));
    }

    [Fact]
    public async Task A_refusal_numbers_the_texts_as_the_caller_has_them_though_some_were_remembered()
    {
        await Embed(["a", "b"]);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => Embed(["a", "b", "at fault", "c"]));
        Assert.Equal(["text 2: at fault"], refused.Errors);
    }

    [Fact]
    public async Task Another_model_s_vectors_are_never_mixed_with_those_of_before()
    {
        await Embed(["a"]);
        model.Id = new EmbedderId("better", 1, 4);
        var made = await Embed(["a", "b"]);
        Assert.Equal(model.Id, made.Embedder);
        Assert.Equal(["a", "b", "a", "b"], model.Asked);
        model.Asking.Clear();
        Assert.Equal(model.Id, (await Embed(["b", "a"])).Embedder);
        Assert.Equal(["a", "b"], model.Asked.Order());
        await Embed(["a", "b"]);
        Assert.Equal(2, model.Asked.Count());
    }

    [Fact]
    public async Task What_is_remembered_is_answered_while_the_model_is_away_and_the_harmless_text_never()
    {
        await Embed(["a"]);
        model.Fails = new RefusedException(RefusalCode.Busy, "The model does not answer.");
        Assert.Equal([Model.VectorOf("a")], Told(await Embed(["a"])));
        await Assert.ThrowsAsync<RefusedException>(() => Embed(["b"]));
        await Assert.ThrowsAsync<RefusedException>(() => Embed([EmbeddedText.Harmless]));
    }

    [Fact]
    public async Task Vectors_have_a_memory_of_their_own_within_its_bound()
    {
        using var small = new CacheWorld(new CacheOptions { VectorMemoryMiB = 1, MemoryMiB = 1 });
        await small.Get("answer", "kept");
        var remembering = Over(small.Cache);
        for (var n = 0; n < 20; n++)
            await remembering.Embed(CacheWorld.Acme, [.. Enumerable.Range(0, 256).Select(i => $"{n}/{i}")], default);
        small.ReadGauges();
        Assert.InRange(small.Gauges["sophia.cache.bytes"], 900_000, 2 * 1024 * 1024);
        Assert.Equal("kept", await small.Get("answer", "loaded again"));
    }

    [Fact]
    public async Task Without_memory_for_vectors_the_model_is_asked_each_time()
    {
        using var off = new CacheWorld(new CacheOptions { VectorMemoryMiB = 0 });
        var direct = Over(off.Cache);
        await direct.Embed(CacheWorld.Acme, ["a"], default);
        await direct.Embed(CacheWorld.Acme, ["a"], default);
        Assert.Equal(["a", "a"], model.Asked);
    }

    /// <summary>Goal: an index that is built anew asks for no passage's vector. Method: a silo with a model, one rebuild; all that is asked meanwhile is who embeds.</summary>
    [Fact]
    public async Task A_rebuilt_index_asks_the_model_for_no_passage_again()
    {
        var asked = new ConcurrentQueue<string>();
        var embedder = new StagedEmbedder { Answer = texts => Counted(texts, asked) };
        await using var host = await PipelineHost.Start(services => services.AddSingleton<IEmbeddingGenerator<string, Embedding<float>>>(embedder));
        using var _ = CallerContext.For(PipelineWorld.Tenant);
        var (operation, fence) = (RecordOperation.Upsert, await host.Log.Acquire(PipelineWorld.Tenant, "test", default));
        var entries = Enumerable.Range(0, 20).Select(n => (Key: $"k{n}", Body: Encoding.UTF8.GetBytes($$"""{"note":"text {{n}}"}"""))).Select(r => new NewEntry(EntryType.Record, "notes", r.Key, operation, r.Body, EntryHash.Of(operation, r.Body))).ToList();
        Assert.IsType<AppendOutcome.Committed>(await host.Log.Append(PipelineWorld.Tenant, new AppendBatch { Fence = fence, At = DateTimeOffset.UnixEpoch, Entries = entries }, default));
        await AllEmbedded(host);
        Assert.Equal(20, asked.Count(text => text != EmbeddedText.Harmless));
        asked.Clear();
        await Index(host).Rebuild();
        await AllEmbedded(host);
        Assert.All(asked, text => Assert.Equal(EmbeddedText.Harmless, text));
    }

    private static IProjectionGrain Index(PipelineHost host) => host.Grains.GetGrain<IProjectionGrain>(TenantKey.Of(PipelineWorld.Tenant, Projections.Index));

    private static async Task AllEmbedded(PipelineHost host)
    {
        await Index(host).WaitFor(await host.Log.Head(PipelineWorld.Tenant, default), Patience, default);
        await Eventually.Get(() => host.Vectors.State(PipelineWorld.Tenant, default), state => state is { Chunks: 20, Answering: { } answering } && state.Vectors[answering] == 20, "a vector of each passage");
    }

    private static GeneratedEmbeddings<Embedding<float>> Counted(IReadOnlyList<string> texts, ConcurrentQueue<string> asked)
    {
        foreach (var text in texts)
            asked.Enqueue(text);
        return StagedEmbedder.All(texts);
    }

    private RememberedEmbedding Over(KnowledgeCache cache) => new(model, cache, Microsoft.Extensions.Options.Options.Create(new MicroBatchingOptions()));

    private Task<EmbeddedTexts> Embed(string[] texts, TenantId? tenant = null) => embedding.Embed(tenant ?? CacheWorld.Acme, texts, default);

    private static List<float[]> Told(EmbeddedTexts made) => [.. made.Vectors.Select(vector => vector.ToArray())];

    /// <summary>A model that counts what it is asked for, the question who it is aside.</summary>
    private sealed class Model : ITextEmbedding
    {
        private static readonly ConcurrentDictionary<string, string> Texts = new();

        public EmbedderId Id { get; set; } = new("staged", 1, 4);

        public ConcurrentQueue<string> Asking { get; } = new();

        public IEnumerable<string> Asked => Asking.Where(text => text != EmbeddedText.Harmless);

        public TaskCompletionSource? Gate { get; set; }

        public Exception? Fails { get; set; }

        public static float[] VectorOf(string text)
        {
            var vector = StagedEmbedder.VectorOf(text);
            Texts[string.Join(' ', vector)] = text;
            return vector;
        }

        public static string TextOf(float[] vector) => Texts[string.Join(' ', vector)];

        public async Task<EmbeddedTexts> Embed(TenantId tenant, IReadOnlyList<string> texts, CancellationToken cancellation)
        {
            foreach (var text in texts)
                Asking.Enqueue(text);
            if (Gate is { } gate)
                await gate.Task;
            if (Fails is not null)
                throw Fails;
            var faults = texts.Index().Where(text => text.Item == "at fault").Select(text => $"text {text.Index}: at fault").ToArray();
            return faults.Length > 0 ? throw new RefusedException(RefusalCode.Invalid, "The model refuses texts.", faults)
                : new EmbeddedTexts(Id, [.. texts.Select(text => new ReadOnlyMemory<float>(VectorOf(text)))]);
        }
    }
}
