using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using Sophia.Postgres;
using Sophia.Tenants;

namespace Sophia.Operations;

/// <summary>Grain state in PostgreSQL: under the tenant that the grain's key names, else under the system's name.</summary>
/// <param name="waitsForDisk">True for <see cref="Stores.Durable"/>, false for <see cref="Stores.Fast"/>.</param>
internal sealed class PostgresGrainStorage(PostgresDatabase database, bool waitsForDisk) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var stored = await database.Find(Owner(grainId), ask => ask.Add("SELECT etag, format, state FROM sophia.grain_state WHERE tenant=$1 AND grain=$2 AND name=$3").Text(grainId.ToString()).Text(stateName),
            row => new StoredState(row.GetString(0), row.GetInt32(1), row.Bytes(2)), cancellationToken);
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
        var (done, stored) = await database.Write(Owner(grainId), transaction => Replace(transaction, grainId.ToString(), stateName, held, next), cancellation, waitsForDisk, next?.Bytes.Length ?? 0);
        if (!done)
            throw new InconsistentStateException($"The state \"{stateName}\" of {grainId} was written by somebody else since it was read.", stored, held);
    }

    private static async Task<(bool Done, string? StoredTag)> Replace(TenantTransaction transaction, string grain, string name, string? held, StoredState? next)
    {
        // The tenant's row is locked, so nobody comes between the question and the write.
        var stored = await transaction.Ask(ask => ask.Add("SELECT etag FROM sophia.grain_state WHERE tenant=$1 AND grain=$2 AND name=$3").Text(grain).Text(name),
            async reader => await reader.ReadAsync() ? reader.GetString(0) : null);
        if (stored != held)
            return (false, stored);
        await transaction.Tell(tell =>
        {
            if (next is null)
                tell.Add("DELETE FROM sophia.grain_state WHERE tenant=$1 AND grain=$2 AND name=$3").Text(grain).Text(name);
            else
                tell.Add("""
                    INSERT INTO sophia.grain_state(tenant, grain, name, etag, format, key_id, state) VALUES($1, $2, $3, $4, $5, 0, $6)
                    ON CONFLICT(tenant, grain, name) DO UPDATE SET etag=$4, format=$5, key_id=0, state=$6
                    """).Text(grain).Text(name).Text(next.Tag).Int(next.Format).Bytes(next.Bytes);
        });
        return (true, next?.Tag);
    }

    private static TenantId Owner(GrainId grainId) =>
        TenantKey.TryParse(grainId.Key.ToString(), out var key) ? key.Tenant : TenantId.Parse(TenantKey.System);
}
