using Sophia.Postgres;

namespace Sophia.Tenants;

/// <summary>A tenant's rows in every table that has tenants; the tenant's own row last, which all its writers lock.</summary>
internal sealed class PostgresTenants(PostgresDatabase database) : ITenantMemory
{
    /// <summary>Rows removed in one transaction.</summary>
    private const int Batch = 5_000;

    private const string Own = "tenants";

    public string Name => "rows in PostgreSQL";

    public Task<long> Count(TenantId tenant, CancellationToken cancellation) => database.ReadOfEnded(tenant, ask =>
    {
        foreach (var table in PostgresSchema.TenantTables)
            ask.Add($"SELECT count(*) FROM sophia.{table} WHERE tenant=$1");
    }, async reader =>
    {
        long rows = 0;
        do
            rows += await reader.ReadAsync(cancellation) ? reader.GetInt64(0) : 0;
        while (await reader.NextResultAsync(cancellation));
        return rows;
    }, cancellation);

    public async Task Erase(TenantId tenant, CancellationToken cancellation)
    {
        foreach (var table in PostgresSchema.TenantTables.Where(table => table != Own).Append(Own))
            while (await database.WriteOfEnded(tenant, transaction => Remove(transaction, table), cancellation) == Batch)
                cancellation.ThrowIfCancellationRequested();
        database.Forget(tenant);
    }

    // All rows of a tenant lie in one partition, so that a row's place in it says which row is meant.
    private static Task<long> Remove(TenantTransaction transaction, string table) => transaction.Ask(
        ask => ask.Add($"WITH gone AS (DELETE FROM sophia.{table} WHERE tenant=$1 AND ctid = ANY(ARRAY(SELECT ctid FROM sophia.{table} WHERE tenant=$1 LIMIT $2)) RETURNING 1) SELECT count(*) FROM gone").Int(Batch),
        async reader => await reader.ReadAsync() ? reader.GetInt64(0) : 0);
}
