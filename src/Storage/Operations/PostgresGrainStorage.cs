using Orleans.Runtime;
using Sophia.Log;
using Sophia.Postgres;
using Sophia.Tenants;

namespace Sophia.Operations;

/// <summary>Grain state in PostgreSQL: under the tenant that the grain's key names, else under the system's name.</summary>
/// <param name="waitsForDisk">True for <see cref="Stores.Durable"/>, false for <see cref="Stores.Fast"/>.</param>
internal sealed class PostgresGrainStorage(PostgresDatabase database, bool waitsForDisk, StaleWrites? stale = null) : GrainStateStorage(stale)
{
    protected override Task<IReadOnlyList<(string Grain, StoredState Stored)>> Page(TenantId tenant, string start, string after, string name, int limit, CancellationToken cancellation) => database.List(
        tenant, ask => ask.Add("SELECT grain, etag, format, state FROM sophia.grain_state WHERE tenant=$1 AND grain>$2 AND starts_with(grain, $3) AND name=$4 ORDER BY grain LIMIT $5").Text(after).Text(start).Text(name).Int(limit),
        row => (row.GetString(0), new StoredState(row.GetString(1), row.GetInt32(2), row.Bytes(3))), cancellation);

    protected override Task<StoredState?> Find(GrainId grain, string name, CancellationToken cancellation) => database.Find(
        Owner(grain), ask => ask.Add("SELECT etag, format, state FROM sophia.grain_state WHERE tenant=$1 AND grain=$2 AND name=$3").Text(grain.ToString()).Text(name),
        row => new StoredState(row.GetString(0), row.GetInt32(1), row.Bytes(2)), cancellation);

    protected override Task<(bool Done, string? StoredTag)> Replace(GrainId grain, string name, string? held, StoredState? next, CancellationToken cancellation) =>
        database.Write(Owner(grain), transaction => Replace(transaction, grain.ToString(), name, held, next), cancellation, waitsForDisk, next?.Bytes.Length ?? 0);

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
