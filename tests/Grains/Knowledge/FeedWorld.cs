using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Log, index and search of a few tenants over the embedded store, without a runtime: the index follows when told to.</summary>
internal sealed class FeedWorld : IAsyncDisposable
{
    public static readonly TenantId Acme = TenantId.Parse("acme");

    private readonly ServiceProvider services;
    private readonly string root = Path.Combine(Path.GetTempPath(), "sophia-index-" + Path.GetRandomFileName());

    public FeedWorld()
    {
        services = new ServiceCollection().AddLogging().AddSingleton<IRecordMarks>(Marks).AddSophiaStorage(storage => storage.DataFolder = root).BuildServiceProvider();
        Log = services.GetRequiredService<ILogStore>();
        Vectors = services.GetRequiredService<IVectorStore>();
        Quarantine = services.GetRequiredService<Quality.IQuarantineStore>();
        Erasures = services.GetRequiredService<IErasureStore>();
        Index = new FaultyIndex(services.GetRequiredService<IIndexStore>());
    }

    public ILogStore Log { get; }

    public FaultyIndex Index { get; }

    public Quality.IQuarantineStore Quarantine { get; }

    public IErasureStore Erasures { get; }

    public RecordMarks Marks { get; } = new(new PlainBox());

    public IVectorStore Vectors { get; }

    public ProjectionOptions Options { get; } = new();

    public List<ProjectionDeadLetter> PutAside { get; } = [];

    public IndexFeed Feed(TenantId? tenant = null) => new(tenant ?? Acme, Log, new LogChunker(tenant ?? Acme, Log, Options.Chunking).Chunk, Index, Options, TimeProvider.System, letter =>
    {
        PutAside.Add(letter);
        return Task.CompletedTask;
    });

    /// <summary>Stores records (null: deleted) as their newest versions.</summary>
    public async Task Store(TenantId tenant, params (string Key, string? Json)[] records)
    {
        var fence = await Log.Acquire(tenant, "test", default);
        var entries = records.Select(r => Entry(r.Key, r.Json)).ToList();
        Assert.IsType<AppendOutcome.Committed>(await Log.Append(tenant, new AppendBatch { Fence = fence, At = DateTimeOffset.UnixEpoch, Entries = entries }, default));
    }

    public Task Store(params (string Key, string? Json)[] records) => Store(Acme, records);

    /// <summary>Appends what is no record: messages of a conversation.</summary>
    public async Task Say(int messages)
    {
        var fence = await Log.Acquire(Acme, "chat", default);
        var entries = Enumerable.Range(0, messages).Select(n => new NewEntry(EntryType.Chat, OwnStreams.ChatOf("talk"), "events", RecordOperation.Upsert, Encoding.UTF8.GetBytes($$"""{"n":{{n}}}"""), EntryHash.Of(RecordOperation.Upsert, [(byte)n]))).ToList();
        Assert.IsType<AppendOutcome.Committed>(await Log.Append(Acme, new AppendBatch { Fence = fence, At = DateTimeOffset.UnixEpoch, Entries = entries }, default));
    }

    /// <summary>Follows the log to its end, from where the index is.</summary>
    public async Task<IndexCursor> Follow(TenantId? tenant = null, IndexFeed? feed = null)
    {
        feed ??= Feed(tenant);
        var cursor = await Index.Cursor(tenant ?? Acme, default);
        while (await feed.Step(cursor, default) is { Moved: true } step)
            cursor = step.Cursor;
        return cursor;
    }

    public Task<SearchAnswer> Search(string text, TenantId? tenant = null, SearchFilter? filter = null) =>
        new SearchEngine(Index, Log, TimeProvider.System).Search(tenant ?? Acme, new SearchQuery(text, 100, filter), RankingOptions.Default, default);

    /// <summary>The keys found, best first.</summary>
    public async Task<string> Found(string text, TenantId? tenant = null) => string.Join(' ', (await Search(text, tenant)).Hits.Select(h => h.Citation.Key));

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        Directory.Delete(root, recursive: true);
    }

    private static NewEntry Entry(string key, string? json)
    {
        var operation = json is null ? RecordOperation.Delete : RecordOperation.Upsert;
        var payload = Encoding.UTF8.GetBytes(json ?? "");
        return new NewEntry(EntryType.Record, "notes", key, operation, payload, EntryHash.Of(operation, payload));
    }
}

/// <summary>A key that everybody knows; seals nothing.</summary>
internal sealed class PlainBox : Security.ISecretBox
{
    public string Seal(string text, string purpose) => throw new NotSupportedException("A test seals nothing.");

    public string? Open(string closed, string purpose) => null;

    public byte[] Derive(string purpose) => System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(purpose));
}
