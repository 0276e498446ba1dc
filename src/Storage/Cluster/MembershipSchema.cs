namespace Sophia.Cluster;

/// <summary>Orleans' membership in PostgreSQL: two tables, and the statements that its ADO.NET provider reads from a third, as its contract names them.</summary>
/// <remarks>
/// The table's version is what makes membership safe: each change of a row moves it on from the version that the writer had read, in one statement,
/// so of two writers one is told "no". The version's row is locked by its update; who waited for it finds another version and changes nothing.
/// </remarks>
internal static class MembershipSchema
{
    /// <summary>The schema's name; the provider finds it by the connection's search path.</summary>
    public const string Name = "orleans";

    public const string Format1 = $"""
        CREATE SCHEMA IF NOT EXISTS orleans;
        CREATE TABLE orleans.versions(cluster text PRIMARY KEY, version int NOT NULL DEFAULT 0, changed_at timestamptz NOT NULL DEFAULT now());
        CREATE TABLE orleans.members(cluster text NOT NULL REFERENCES orleans.versions, address text NOT NULL, port int NOT NULL, generation int NOT NULL,
            siloname text NOT NULL, hostname text NOT NULL, status int NOT NULL, proxyport int NOT NULL, suspecttimes text, starttime timestamptz NOT NULL, iamalivetime timestamptz NOT NULL,
            PRIMARY KEY(cluster, address, port, generation));
        CREATE TABLE orleans.orleansquery(querykey text PRIMARY KEY, querytext text NOT NULL);
        INSERT INTO orleans.orleansquery(querykey, querytext) VALUES
            ('GatewaysQueryKey', $q${Gateways}$q$),
            ('MembershipReadRowKey', $q${ReadRow}$q$),
            ('MembershipReadAllKey', $q${ReadAll}$q$),
            ('InsertMembershipVersionKey', $q${Begin}$q$),
            ('InsertMembershipKey', $q${Insert}$q$),
            ('UpdateMembershipKey', $q${Update}$q$),
            ('UpdateIAmAlivetimeKey', $q${Alive}$q$),
            ('DeleteMembershipTableEntriesKey', $q${End}$q$),
            ('CleanupDefunctSiloEntriesKey', $q${Forget}$q$);

        """;

    /// <summary>What a silo or a front end may do here.</summary>
    public static string Grants(string role) => $"""
        GRANT USAGE ON SCHEMA orleans TO {role};
        GRANT SELECT ON orleans.orleansquery TO {role};
        GRANT SELECT, INSERT, UPDATE, DELETE ON orleans.versions, orleans.members TO {role};
        """;

    private const string Columns = "address, port, generation, siloname, hostname, status, proxyport, suspecttimes, starttime, iamalivetime, version";

    private const string ThisSilo = "address = @Address AND port = @Port AND generation = @Generation";

    /// <summary>SiloStatus.Dead.</summary>
    private const string Dead = "6";

    private const string Gateways = "SELECT address, proxyport, generation FROM members WHERE cluster = @DeploymentId AND status = @Status AND proxyport > 0";

    // The version comes also where there is no member yet.
    private const string ReadAll = $"SELECT {Columns} FROM versions LEFT JOIN members USING (cluster) WHERE cluster = @DeploymentId";

    private const string ReadRow = $"SELECT {Columns} FROM versions LEFT JOIN (SELECT * FROM members WHERE {ThisSilo}) m USING (cluster) WHERE cluster = @DeploymentId";

    private const string Begin = "WITH begun AS (INSERT INTO versions(cluster) VALUES (@DeploymentId) ON CONFLICT DO NOTHING RETURNING 1) SELECT EXISTS(SELECT FROM begun)";

    private const string Moved = "moved AS (UPDATE versions SET version = version + 1, changed_at = now() WHERE cluster = @DeploymentId AND version = @Version";

    private const string Insert = $"""
        WITH {Moved} AND NOT EXISTS(SELECT FROM members WHERE cluster = @DeploymentId AND {ThisSilo}) RETURNING 1),
        written AS (INSERT INTO members SELECT @DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, NULL, @StartTime, @IAmAliveTime FROM moved RETURNING 1)
        SELECT EXISTS(SELECT FROM written)
        """;

    private const string Update = $"""
        WITH {Moved} AND EXISTS(SELECT FROM members WHERE cluster = @DeploymentId AND {ThisSilo}) RETURNING 1),
        written AS (UPDATE members SET status = @Status, suspecttimes = @SuspectTimes, iamalivetime = @IAmAliveTime FROM moved WHERE cluster = @DeploymentId AND {ThisSilo} RETURNING 1)
        SELECT EXISTS(SELECT FROM written)
        """;

    private const string Alive = $"UPDATE members SET iamalivetime = @IAmAliveTime WHERE cluster = @DeploymentId AND {ThisSilo}";

    private const string End = "WITH gone AS (DELETE FROM members WHERE cluster = @DeploymentId) DELETE FROM versions WHERE cluster = @DeploymentId";

    private const string Forget = $"DELETE FROM members WHERE cluster = @DeploymentId AND iamalivetime < @IAmAliveTime AND status = {Dead}";
}
