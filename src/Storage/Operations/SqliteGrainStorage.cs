using Orleans.Runtime;
using Sophia.Log;
using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Operations;

/// <summary>Grain state in SQLite: in the folder of the tenant that the grain's key names, else in platform.db.</summary>
/// <param name="durability">Full for <see cref="Stores.Durable"/>, Normal for <see cref="Stores.Fast"/>.</param>
internal sealed class SqliteGrainStorage(DatabaseFiles files, Durability durability, StaleWrites? stale = null) : GrainStateStorage(stale)
{
    protected override Task<IReadOnlyList<(string Grain, StoredState Stored)>> Page(TenantId tenant, string start, string after, string name, int limit, CancellationToken cancellation)
    {
        var isOfSystem = tenant.Value == TenantKey.System;
        return files.Read<IReadOnlyList<(string, StoredState)>>(isOfSystem ? null : tenant, isOfSystem ? PlatformSchema.Kind : LogSchema.Kind, connection => GrainStateTable.Page(connection, start, after, name, limit), [], cancellation);
    }

    protected override Task<StoredState?> Find(GrainId grain, string name, CancellationToken cancellation)
    {
        var (tenant, kind) = Place(grain);
        return files.Read(tenant, kind, connection => GrainStateTable.Find(connection, grain.ToString(), name), null, cancellation);
    }

    protected override Task<(bool Done, string? StoredTag)> Replace(GrainId grain, string name, string? held, StoredState? next, CancellationToken cancellation)
    {
        var (tenant, kind) = Place(grain);
        return files.Write(tenant, kind, connection => GrainStateTable.Replace(connection, grain.ToString(), name, held, next), cancellation, durability, next?.Bytes.Length ?? 0);
    }

    private static (TenantId? Tenant, DatabaseKind Kind) Place(GrainId grainId) =>
        TenantKey.TryParse(grainId.Key.ToString(), out var key) && key.Tenant.Value != TenantKey.System ? (key.Tenant, LogSchema.Kind) : (null, PlatformSchema.Kind);
}
