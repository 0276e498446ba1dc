using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>A tenant's passages and vectors in Weaviate: its tenant in each collection, removed as a whole. The ledger lies in PostgreSQL and goes with the other rows there.</summary>
internal sealed class WeaviateTenants(WeaviateConnection connection) : ITenantMemory
{
    public string Name => "tenants in Weaviate's collections";

    public async Task<long> Count(TenantId tenant, CancellationToken cancellation)
    {
        await connection.Engine(cancellation);
        var found = 0L;
        foreach (var kind in WeaviateSchema.Kinds)
            if (await connection.Ask((client, limit) => client.Collections.Use(WeaviateSchema.Collection(connection.Options.Collections, kind)).Tenants.Exists(tenant.Value, limit), cancellation))
                found++;
        return found;
    }

    public async Task Erase(TenantId tenant, CancellationToken cancellation)
    {
        await connection.Engine(cancellation);
        foreach (var kind in WeaviateSchema.Kinds)
            await connection.Tell(async (client, limit) =>
            {
                var tenants = client.Collections.Use(WeaviateSchema.Collection(connection.Options.Collections, kind)).Tenants;
                if (await tenants.Exists(tenant.Value, limit))
                    await tenants.Delete(tenant.Value, limit);
                return true;
            }, cancellation);
    }
}
