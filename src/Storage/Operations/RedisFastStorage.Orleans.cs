using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using Sophia.Cluster;

namespace Sophia.Operations;

/// <summary>Fast state in Redis for grains that go on without it.</summary>
/// <remarks>While Redis is away a grain reads nothing, is told so by <see cref="Stores.Lost"/>, and keeps what it has in memory; the next write after that
/// takes the place of whatever Redis holds, because what the living grain knows is newer. A write that Redis refuses, being full or a replica, is no failure either.</remarks>
internal sealed class RedisFastStorage(IGrainStorage inner, RedisConnection redis) : IGrainStorage
{
    /// <summary>How long a grain waits for its state.</summary>
    private static readonly TimeSpan Within = TimeSpan.FromMilliseconds(250);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var read = new GrainState<T>();
        var answered = await redis.Try(() => inner.ReadStateAsync(stateName, grainId, read), Within);
        grainState.State = answered ? read.State : Activator.CreateInstance<T>();
        grainState.RecordExists = answered && read.RecordExists;
        grainState.ETag = grainState.RecordExists || (answered && !redis.LostLately) ? read.ETag : Stores.Lost;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        Change(stateName, grainId, grainState, after => inner.WriteStateAsync(stateName, grainId, after));

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await Change(stateName, grainId, grainState, after => inner.ClearStateAsync(stateName, grainId, after));
        (grainState.State, grainState.RecordExists) = (Activator.CreateInstance<T>(), false);
    }

    private async Task Change<T>(string stateName, GrainId grainId, IGrainState<T> grainState, Func<GrainState<T>, Task> change)
    {
        var after = new GrainState<T>(grainState.State, grainState.ETag) { RecordExists = grainState.RecordExists };
        var answered = await redis.Try(async () =>
        {
            if (after.ETag == Stores.Lost)
                after.ETag = await EtagOf<T>(stateName, grainId);
            try
            {
                await change(after);
            }
            catch (InconsistentStateException) when (after.ETag is not null)
            {
                if (await EtagOf<T>(stateName, grainId) is not null)
                    throw;
                after.ETag = null; // Redis has lost it; the grain has it still.
                await change(after);
            }
        }, Within);
        grainState.ETag = answered ? after.ETag : Stores.Lost;
        grainState.RecordExists = !answered || after.RecordExists;
    }

    private async Task<string?> EtagOf<T>(string stateName, GrainId grainId)
    {
        var there = new GrainState<T>();
        await inner.ReadStateAsync(stateName, grainId, there);
        return there.ETag;
    }
}
