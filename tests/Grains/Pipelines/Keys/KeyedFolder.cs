using System.Text;
using Sophia.Log;

namespace Sophia.Pipelines;

/// <summary>A folder of real files, a pipeline over it, and whoever erases: to see what records are called by.</summary>
internal sealed class KeyedFolder : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("sophia-keys-");
    private DateTime written = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private int erasures;

    public KeyedFolder() => Define();

    public PipelineWorld World { get; } = new() { ReadsDisk = true, BatchRecords = 3 };

    public string Stream { get; set; } = "people";

    /// <summary>States the pipeline anew.</summary>
    /// <param name="key">What the source states; null: nothing.</param>
    public void Define(string? key = null, string? rest = null, string pipeline = "crm") =>
        (World.Pipeline, World.Text) = (pipeline, $"name: {pipeline}\nsources: [{{type: files, path: {folder.FullName}, stream: {Stream}{(key is null ? "" : $", key: \"{key}\"")}}}]\ngate: {{minimumShareOfUsual: 0, failWhenEmpty: false, minimumScore: 0}}\n{rest}");

    public void Write(string name, params string[] lines) => Put(name, string.Join('\n', lines) + "\n");

    public void Put(string name, string text)
    {
        var path = Path.Combine(folder.FullName, name);
        File.WriteAllText(path, text);
        File.SetLastWriteTimeUtc(path, written = written.AddSeconds(1));
    }

    public void Delete(string name) => File.Delete(Path.Combine(folder.FullName, name));

    /// <summary>Runs to the end, and sees that no row got lost.</summary>
    public async Task<RunCounts> Run()
    {
        var row = await World.Run();
        return Accounted(row);
    }

    /// <summary>Runs, is killed after some steps, and goes on in a new process.</summary>
    public async Task<RunCounts> RunAndDie(int steps)
    {
        World.StopAfterSteps = steps;
        var row = await World.Run();
        World.StopAfterSteps = 0;
        return Accounted(row.State == RunState.Running ? await World.GoOn() : row);
    }

    public async Task<SortedDictionary<string, string>> Records()
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in await World.Log.Current(PipelineWorld.Tenant, Stream, null, 10_000, default))
            if (entry.Operation == RecordOperation.Upsert)
                found.Add(entry.Key, Encoding.UTF8.GetString(entry.Payload.Span));
        return found;
    }

    public async Task<string> Keys() => string.Join(' ', (await Records()).Keys);

    public async Task<long> VersionOf(string key) => (await World.Log.Newest(PipelineWorld.Tenant, Stream, key, default))!.Version;

    public async Task<FileKey?> Kept(string file) => await World.Log.Checkpoint(PipelineWorld.Tenant, FileKeys.Place(Stream), file, default) is { } kept ? FileKey.Of(kept.State, file) : null;

    /// <summary>As if the release before had stored all this: nobody kept a key.</summary>
    public async Task ForgetKept()
    {
        var kept = await World.Log.Checkpoints(PipelineWorld.Tenant, FileKeys.Place(Stream), null, 100, default);
        await Append(new AppendBatch { Fence = FencedWriter.Unset, At = World.Time.GetUtcNow(), Checkpoints = [.. kept.Select(one => new CheckpointWrite(one.Pipeline, one.Partition, null))] });
    }

    /// <summary>Keeps a key, whoever found it.</summary>
    public Task Adopt(string file, FileKey key) => Append(new AppendBatch { Fence = FencedWriter.Unset, At = World.Time.GetUtcNow(), Checkpoints = [FileKeys.Write(new FileKeyWrite(Stream, file, key))] });

    public async Task Erase(params string[] keys)
    {
        RecordKey[] records = [.. keys.Select(key => new RecordKey(Stream, key))];
        var erasure = $"erasure-{++erasures}";
        await Append(new AppendBatch
        {
            Fence = FencedWriter.Unset, At = World.Time.GetUtcNow(), Erases = records, Erasure = erasure,
            Entries = [.. keys.Select(key => new NewEntry(EntryType.Record, Stream, key, RecordOperation.Delete, default, EntryHash.Of(RecordOperation.Delete, [])))],
        });
        await World.Erasures.Remove(PipelineWorld.Tenant, erasure, records, [], World.Time.GetUtcNow(), default);
    }

    public async ValueTask DisposeAsync()
    {
        await World.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private Task Append(AppendBatch batch) => new FencedWriter(World.Log, PipelineWorld.Tenant, "tests").Append(batch, default);

    private static RunCounts Accounted(RunRow row)
    {
        Assert.Equal((RunState.Succeeded, null), (row.State, row.Error));
        var counts = row.Counts;
        Assert.Equal(counts.In, counts.Stored + counts.Duplicate + counts.Quarantined + counts.Blocked);
        return counts;
    }
}
