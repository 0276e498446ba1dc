using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Operations;

/// <summary>Grain state as the runtime asks for it. An engine says how a state is found, and how it is replaced by who has read the newest.</summary>
internal abstract class GrainStateStorage(StaleWrites? stale) : IGrainStorage, IKeptStates
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var stored = await Find(grainId, stateName, cancellationToken);
        grainState.State = stored is null ? Activator.CreateInstance<T>() : GrainStateJson.Read<T>(stored.Format, stored.Bytes);
        grainState.ETag = stored?.Tag;
        grainState.RecordExists = stored is not null;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        // A tag that never comes twice, so that who read a state before it was cleared cannot overwrite the one written after.
        var next = new StoredState(Guid.NewGuid().ToString("N"), GrainStateJson.Format, GrainStateJson.Write(grainState.State));
        await ReplaceHeld(grainId, stateName, grainState.ETag, next, cancellationToken);
        grainState.ETag = next.Tag;
        grainState.RecordExists = true;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        await ReplaceHeld(grainId, stateName, grainState.ETag, null, cancellationToken);
        grainState.State = Activator.CreateInstance<T>();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    public async Task<IReadOnlyList<KeptState<T>>> Page<T>(TenantId tenant, string kind, string name, string? after, int limit, CancellationToken cancellation) =>
        [.. (await Page(tenant, $"{kind}/", $"{kind}/{after}", name, limit, cancellation)).Select(row => new KeptState<T>(row.Grain[(kind.Length + 1)..], GrainStateJson.Read<T>(row.Stored.Format, row.Stored.Bytes)!))];

    /// <summary>States of a name of grains whose ids begin so and come after that one, in their order.</summary>
    protected abstract Task<IReadOnlyList<(string Grain, StoredState Stored)>> Page(TenantId tenant, string start, string after, string name, int limit, CancellationToken cancellation);

    protected abstract Task<StoredState?> Find(GrainId grain, string name, CancellationToken cancellation);

    /// <summary>Replaces the state, or removes it where <paramref name="next"/> is null, if its ETag is the held one (null: none is stored); else changes nothing and tells the stored one.</summary>
    protected abstract Task<(bool Done, string? StoredTag)> Replace(GrainId grain, string name, string? held, StoredState? next, CancellationToken cancellation);

    private async Task ReplaceHeld(GrainId grain, string name, string? held, StoredState? next, CancellationToken cancellation)
    {
        var (done, stored) = await Replace(grain, name, held, next, cancellation);
        if (done)
            return;
        stale?.State(grain, name);
        throw new InconsistentStateException($"The state \"{name}\" of {grain} was written by somebody else since it was read.", stored, held);
    }
}
