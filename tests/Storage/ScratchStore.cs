using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Quality;
using Sophia.Sqlite;

namespace Sophia;

/// <summary>A data folder of a test, with everything over it; deleted at the end.</summary>
internal sealed class ScratchStore : IAsyncDisposable
{
    private readonly bool keep;

    public ScratchStore(Action<StorageOptions>? configure = null, string? root = null, IFolderDisk? disk = null, string? vfs = null)
    {
        keep = root is not null;
        Root = root ?? Path.Combine(Path.GetTempPath(), "sophia-storage-" + Path.GetRandomFileName());
        Options = new StorageOptions { DataFolder = Root };
        configure?.Invoke(Options);
        Folder = DataFolder.Open(Root, disk);
        Files = new DatabaseFiles(Folder, Options, vfs);
        Log = new SqliteLogStore(Files, null, new TestMarks());
        Erasures = new SqliteErasureStore(Files, new TestMarks());
        Runs = new SqliteRunStore(Files);
        Quarantine = new SqliteQuarantineStore(Files);
        Words = new WordCache(Files, Options);
        Index = new SqliteIndexStore(Files, Cache, Words);
        Vectors = new SqliteVectorStore(Files);
    }

    public string Root { get; }

    public StorageOptions Options { get; }

    public DataFolder Folder { get; }

    public DatabaseFiles Files { get; }

    public ILogStore Log { get; }

    public IRunStore Runs { get; }

    public IQuarantineStore Quarantine { get; }

    public IErasureStore Erasures { get; }

    public IIndexStore Index { get; }

    public IVectorStore Vectors { get; }

    public VectorCache Cache { get; } = new();

    public WordCache Words { get; }

    public async ValueTask DisposeAsync()
    {
        Words.Dispose();
        await Files.DisposeAsync();
        Folder.Dispose();
        if (!keep)
            Directory.Delete(Root, recursive: true);
    }
}
