using System.Diagnostics;
using System.Text;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Bench;

/// <summary>A data folder whose index is filled as the projections fill it, and searched as searches do.</summary>
internal sealed class Filled : IAsyncDisposable
{
    public static readonly TenantId Tenant = TenantId.Parse("bench");

    private readonly DataFolder folder;
    private readonly WordCache words, noWords;
    private readonly VectorCache vectors, allVectors;
    private readonly SqliteVectorStore kept;
    private readonly WordCounter counter = new(new WordAnalyzer());
    private IndexCursor cursor = new(0, 0);

    public Filled(string scratch)
    {
        Options = new StorageOptions { DataFolder = scratch };
        var plain = new StorageOptions { DataFolder = scratch, WordsMib = 0, VectorsExact = int.MaxValue };
        folder = DataFolder.Open(scratch);
        Files = new DatabaseFiles(folder, Options);
        (words, noWords, vectors, allVectors) = (new WordCache(Files, Options), new WordCache(Files, plain), new VectorCache(TimeProvider.System, Options), new VectorCache(TimeProvider.System, plain));
        (Index, OnDisk, kept) = (new SqliteIndexStore(Files, vectors, words), new SqliteIndexStore(Files, allVectors, noWords), new SqliteVectorStore(Files));
        Log = new SqliteLogStore(Files);
    }

    public StorageOptions Options { get; }

    public DatabaseFiles Files { get; }

    public ILogStore Log { get; }

    public SqliteIndexStore Index { get; }

    /// <summary>The same index, its words asked of FTS5 and its vectors compared one by one.</summary>
    public SqliteIndexStore OnDisk { get; }

    public long IndexBytes => new DirectoryInfo(Options.DataFolder).EnumerateFiles("index.db*", SearchOption.AllDirectories).Sum(file => file.Length);

    public (long Words, long Vectors) Copies => (words.Bytes, vectors.Bytes);

    /// <summary>The copies of all vectors, which only comparisons need, are let go.</summary>
    public void ForgetComparisons() => allVectors.Of(Tenant).Forget();

    /// <summary>Chunks passages up to a number and indexes them; those that a folder has already are not made again. How many it made.</summary>
    public async Task<int> Add(Passages passages, int until)
    {
        cursor = await Index.Cursor(Tenant, default);
        var from = (int)cursor.Position;
        foreach (var batch in Enumerable.Range((int)cursor.Position + 1, until - (int)cursor.Position).Chunk(500))
        {
            var next = new IndexCursor(batch[^1], RecordChunker.Version);
            await Index.Apply(Tenant, cursor, next, [.. batch.Select(number => RecordChunker.Index(Entry(number, passages.Text(number)), ChunkingOptions.Default, counter))], DateTimeOffset.UnixEpoch, default);
            cursor = next;
        }
        return (int)cursor.Position - from;
    }

    /// <summary>Gives every chunk a vector of the built-in embedder.</summary>
    public async Task<int> Embed()
    {
        var (embedder, all) = (new DirectEmbedder(), 0);
        await kept.Answer(Tenant, HashedEmbedder.Id, default);
        while (await kept.Lacking(Tenant, HashedEmbedder.Id, 256, default) is { Count: > 0 } lacking)
        {
            var made = await embedder.Embed([.. lacking.Select(EmbeddedText.Of)], default);
            await kept.Keep(Tenant, HashedEmbedder.Id, [.. lacking.Zip(made.Vectors, (text, vector) => new ChunkVector(text.ChunkId, vector))], default);
            all += lacking.Count;
        }
        return all;
    }

    /// <summary>Reads the words into memory and waits for it.</summary>
    public async Task<TimeSpan> ReadWords(SearchQuery question)
    {
        var clock = Stopwatch.StartNew();
        await Engine(Index).Search(Tenant, question, Ways.Words, default);
        await words.Filled;
        return clock.Elapsed;
    }

    /// <summary>Reads the vectors into memory and sketches them where they are many, by a first question.</summary>
    public async Task<TimeSpan> ReadVectors(SearchQuery question)
    {
        var clock = Stopwatch.StartNew();
        await Engine(Index).Search(Tenant, question, Ways.Vectors, default);
        return clock.Elapsed;
    }

    public RowSketches? Sketches => vectors.Of(Tenant).Rows?.Sketches;

    public SearchEngine Engine(IIndexStore index) => new(index, Log, TimeProvider.System, _ => new DirectEmbedder());

    public async ValueTask DisposeAsync()
    {
        words.Dispose();
        noWords.Dispose();
        vectors.Dispose();
        allVectors.Dispose();
        await Files.DisposeAsync();
        folder.Dispose();
    }

    private static LogEntry Entry(int number, string text)
    {
        var payload = Encoding.UTF8.GetBytes($$"""{"text":{{System.Text.Json.JsonSerializer.Serialize(text)}}}""");
        return new LogEntry(number, EntryType.Record, "passages", Passages.Key(number), 1, RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload), DateTimeOffset.UnixEpoch.AddSeconds(number), "bench", 0);
    }
}
