using System.Collections.Concurrent;
using System.Globalization;
using Orleans.Runtime;
using Orleans.Serialization;

namespace Orleans.Storage;

/// <summary>Keeps grain state in memory, with the ETags of a real storage; for tests and for state that may be lost.</summary>
internal sealed class MemoryGrainStorage(DeepCopier copier) : IGrainStorage
{
    private readonly ConcurrentDictionary<(GrainId, string), Record> _records = new();
    private long _lastTag;

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var record = _records.GetValueOrDefault((grainId, stateName));
        grainState.State = record?.Value is T value ? copier.Copy(value) : Activator.CreateInstance<T>();
        grainState.ETag = record?.ETag;
        grainState.RecordExists = record is not null;
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var next = new Record(copier.Copy(grainState.State), NextTag());
        lock (_records)
        {
            Check(stateName, grainId, grainState.ETag);
            _records[(grainId, stateName)] = next;
        }
        grainState.ETag = next.ETag;
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        lock (_records)
        {
            Check(stateName, grainId, grainState.ETag);
            _records.TryRemove((grainId, stateName), out _);
        }
        grainState.State = Activator.CreateInstance<T>();
        grainState.ETag = null;
        grainState.RecordExists = false;
        return Task.CompletedTask;
    }

    private void Check(string stateName, GrainId grainId, string? held)
    {
        var stored = _records.GetValueOrDefault((grainId, stateName))?.ETag;
        if (stored != held)
            throw new InconsistentStateException($"Version conflict on {stateName} of {grainId}.", stored, held);
    }

    private string NextTag() => Interlocked.Increment(ref _lastTag).ToString(CultureInfo.InvariantCulture);

    private sealed record Record(object? Value, string ETag);
}
