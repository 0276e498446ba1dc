using Sophia.Postgres;

namespace Sophia.Tenants;

/// <summary>The tenant's log as its newest rows let one reckon: their mean size times the number of rows. The database keeps all tenants in the same tables and does not count bytes by tenant.</summary>
internal sealed class PostgresTenantRoom(PostgresDatabase database) : ITenantRoom
{
    /// <summary>Rows that are measured.</summary>
    private const int Sample = 500;

    public async ValueTask<TenantRoom> Of(TenantId tenant, CancellationToken cancellation) =>
        (await database.List(tenant, ask => ask.Add("""
            SELECT coalesce((SELECT avg(pg_column_size(newest.*)) FROM (SELECT * FROM sophia.log WHERE tenant=$1 ORDER BY position DESC LIMIT $2) AS newest), 0)::float8
                * coalesce((SELECT last_position FROM sophia.tenants WHERE tenant=$1), 0)
            """).Int(Sample), row => new TenantRoom((long)row.GetDouble(0), IsEstimate: true), cancellation)).FirstOrDefault();
}
