using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using Sophia.Log;
using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Operations;

/// <summary>Grain state in SQLite: in the folder of the tenant that the grain's key names, else in platform.db.</summary>
/// <param name="durability">Full for <see cref="Stores.Durable"/>, Normal for <see cref="Stores.Fast"/>.</param>
internal sealed class SqliteGrainStorage(DatabaseFiles files, Durability durability) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var (tenant, kind) = Place(grainId);
        var stored = await files.Read(tenant, kind, connection => GrainStateTable.Find(connection, grainId.ToString(), stateName), null, cancellationToken);
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
        await Replace(stateName, grainId, grainState.ETag, next, cancellationToken);
        grainState.ETag = next.Tag;
        grainState.RecordExists = true;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        await Replace(stateName, grainId, grainState.ETag, null, cancellationToken);
        grainState.State = Activator.CreateInstance<T>();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    private async Task Replace(string stateName, GrainId grainId, string? held, StoredState? next, CancellationToken cancellation)
    {
        var (tenant, kind) = Place(grainId);
        var (done, stored) = await files.Write(tenant, kind, connection => GrainStateTable.Replace(connection, grainId.ToString(), stateName, held, next),
            cancellation, durability, next?.Bytes.Length ?? 0);
        if (!done)
            throw new InconsistentStateException($"The state \"{stateName}\" of {grainId} was written by somebody else since it was read.", stored, held);
    }

    private static (TenantId? Tenant, DatabaseKind Kind) Place(GrainId grainId) =>
        TenantKey.TryParse(grainId.Key.ToString(), out var key) && key.Tenant.Value != TenantKey.System ? (key.Tenant, LogSchema.Kind) : (null, PlatformSchema.Kind);
}
