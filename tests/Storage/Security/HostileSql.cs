namespace Sophia.Security;

/// <summary>Statements of somebody who got SQL into a silo's connection and wants the rows of the tenant "victim" while the transaction belongs to "acme".</summary>
/// <remarks>No statement writes the word "victim" into what it selects: whatever comes back with it, or with the victim's secret, was read or written across.</remarks>
internal sealed class HostileSql(int seed)
{
    private static readonly string[] Tables = [.. Postgres.PostgresSchema.TenantTables];
    private static readonly string[] Others = ["recent_syncs", "seals", "schema_version", "log_00", "log_07", "heads_15", "streams_pkey"];
    private readonly Random random = new(seed);

    public string Next()
    {
        var attack = random.Next(13) switch
        {
            0 => $"{Pretend()}; {Steal()}",
            1 => $"{Rise()}; {Steal()}",
            2 => $"{Write()}",
            3 => $"{Pretend()}; {Write()}",
            4 => Loud(),
            5 => Catalogue(),
            6 => $"{Leave()}; {Steal()}",
            7 => Function(),
            _ => Steal(),
        };
        return random.Next(8) == 0 ? $"SELECT 1; {attack}" : attack;
    }

    private string Table() => $"sophia.{(random.Next(12) == 0 ? Any(Others) : Any(Tables))}";

    private string Steal() => random.Next(12) switch
    {
        0 => $"SELECT t::text FROM {Table()} t WHERE {Condition()}",
        1 => $"SELECT string_agg(t::text, ',') FROM {Table()} t WHERE {Condition()}",
        2 => $"SELECT a::text, b::text FROM {Table()} a, {Table()} b WHERE {Condition("a")} LIMIT 50",
        3 => $"WITH x AS (SELECT * FROM {Table()} WHERE {Condition()}) SELECT x::text FROM x UNION ALL SELECT y::text FROM {Table()} y",
        4 => $"SELECT (SELECT string_agg(t::text, ',') FROM {Table()} t) FROM {Table()} s WHERE {Condition("s")} LIMIT 5",
        5 => $"DECLARE c CURSOR FOR SELECT t::text FROM {Table()} t WHERE {Condition()}; FETCH ALL FROM c",
        6 => $"SELECT row_to_json(t)::text FROM {Table()} t LEFT JOIN LATERAL (SELECT u::text FROM {Table()} u LIMIT 3) v ON true WHERE {Condition("t")} LIMIT 50",
        7 => $"SELECT query_to_xml('SELECT * FROM {Table()}', true, false, '')::text",
        8 => $"SELECT first_value(t::text) OVER (ORDER BY t::text DESC) FROM {Table()} t WHERE {Condition("t")}",
        9 => $"SELECT t::text FROM {Table()} t WHERE {Condition()} FOR UPDATE",
        10 => $"CREATE TEMP VIEW w ON COMMIT DROP AS SELECT 1; CREATE TEMP TABLE k ON COMMIT DROP AS SELECT * FROM {Table()}; SELECT k::text FROM k",
        _ => $"PREPARE p{random.Next()} AS SELECT t::text FROM {Table()} t; TABLE {Table()}",
    };

    private string Condition(string? of = null)
    {
        var tenant = of is null ? "tenant" : $"{of}.tenant";
        return random.Next(9) switch
        {
            0 => "true", 1 => $"{tenant} = 'victim'", 2 => $"{tenant} <> 'acme'", 3 => $"{tenant} = 'acme' OR 1=1", 4 => $"{tenant} LIKE 'v%'",
            5 => $"{tenant} IN (SELECT tenant FROM {Table()})", 6 => $"NOT ({tenant} = sophia.current_tenant())", 7 => $"{tenant} > 'acme'", _ => $"EXISTS (SELECT FROM {Table()} e WHERE e.tenant = 'victim') OR true",
        };
    }

    /// <summary>Tries to be the victim: by name, with the seal of its own, with guessed ones.</summary>
    private string Pretend() => random.Next(8) switch
    {
        0 => "SELECT set_config('sophia.tenant', 'vic' || 'tim', true) IS NULL",
        1 => "SET LOCAL sophia.tenant = 'victim'",
        2 => "SELECT set_config('sophia.tenant', 'vic' || 'tim:' || split_part(current_setting('sophia.tenant'), ':', 2), true) IS NULL",
        3 => "SELECT set_config('sophia.tenant', 'vic' || 'tim:' || encode(sha256('victim'), 'hex'), true) IS NULL",
        4 => "SELECT set_config('sophia.tenant', current_setting('sophia.tenant') || ',vic' || 'tim', true) IS NULL",
        5 => "SET SESSION sophia.tenant = '%'",
        6 => "RESET sophia.tenant",
        _ => "SELECT set_config('sophia.tenant', '', false) IS NULL",
    };

    private string Rise() => Any("SET LOCAL row_security = off", "SET LOCAL ROLE sophia_owner", "SET LOCAL ROLE postgres", "SET SESSION AUTHORIZATION sophia_owner", "RESET ROLE",
        $"ALTER TABLE {Table()} DISABLE ROW LEVEL SECURITY", $"ALTER TABLE {Table()} NO FORCE ROW LEVEL SECURITY", $"DROP POLICY tenant ON {Table()}",
        $"CREATE POLICY mine ON {Table()} USING (true)", "SET LOCAL session_replication_role = replica", "GRANT sophia_owner TO sophia_silo", "ALTER ROLE sophia_silo BYPASSRLS",
        "INSERT INTO sophia.seals VALUES('sophia_silo', '', '')", "CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1'", "SET LOCAL search_path = pg_temp, sophia",
        "CREATE OR REPLACE FUNCTION sophia.current_tenant() RETURNS text LANGUAGE sql AS 'SELECT ''x'''", "CREATE TEMP TABLE seals(role text, inner_pad bytea, outer_pad bytea)");

    private string Leave() => Any("ROLLBACK", "COMMIT", "SAVEPOINT s; ROLLBACK TO s", "ROLLBACK; BEGIN", "COMMIT AND CHAIN");

    private string Write()
    {
        var table = $"sophia.{Any(Tables)}";
        return random.Next(7) switch
        {
            0 => $"UPDATE {table} SET tenant = 'victim' RETURNING tenant::text",
            1 => $"DELETE FROM {table} WHERE {Condition()} RETURNING tenant::text",
            2 => $"UPDATE {table} SET tenant = tenant WHERE {Condition()} RETURNING tenant::text",
            3 => "INSERT INTO sophia.owners(tenant, owner, epoch, position) VALUES('victim', 'lane-0', 99, 0) ON CONFLICT(tenant, owner) DO UPDATE SET epoch = 99 RETURNING tenant::text",
            4 => "INSERT INTO sophia.once(tenant, key, position, at) SELECT 'victim', 'k' || random(), 1, now() RETURNING tenant::text",
            5 => $"MERGE INTO {table} m USING (SELECT 'victim' AS v) s ON m.tenant = s.v WHEN MATCHED THEN DELETE; SELECT count(*)::text FROM {table} WHERE tenant = 'acme'",
            _ => $"TRUNCATE {table} CASCADE",
        };
    }

    /// <summary>Makes errors and notices speak.</summary>
    private string Loud() => random.Next(4) switch
    {
        0 => $"SELECT (t::text)::int FROM {Table()} t WHERE {Condition()}",
        1 => $"DO $$ BEGIN RAISE EXCEPTION '%', (SELECT string_agg(t::text, ',') FROM {Table()} t); END $$",
        2 => $"DO $$ DECLARE r record; BEGIN FOR r IN SELECT t::text AS x FROM {Table()} t LOOP RAISE NOTICE '%', r.x; END LOOP; END $$",
        _ => $"SELECT 1 / (length(t::text) - length(t::text)) FROM {Table()} t WHERE {Condition()}",
    };

    /// <summary>A cheap function that tells what it is shown before a dearer condition is asked.</summary>
    private string Function()
    {
        var name = $"pg_temp.tell{random.Next(1_000_000)}";
        return $"CREATE FUNCTION {name}(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $f$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $f$; SELECT 1 FROM {Table()} t WHERE {name}(t::text) AND {Condition()}";
    }

    private string Catalogue() => Any("SELECT array_agg(most_common_vals::text)::text FROM pg_stats WHERE schemaname = 'sophia'", "SELECT stavalues1::text FROM pg_statistic LIMIT 50",
        "SELECT histogram_bounds::text FROM pg_stats WHERE schemaname = 'sophia'", "SELECT query FROM pg_stat_activity WHERE usename <> current_user", "SELECT rolpassword FROM pg_authid",
        "SELECT pg_read_file('/etc/passwd')", "SELECT lo_get(1)", "SELECT schema_to_xml('sophia', true, false, '')::text", "SELECT inner_pad::text FROM sophia.seals", "SELECT pg_get_functiondef('sophia.current_tenant'::regproc)::text",
        "SELECT tableoid::regclass::text, t::text FROM sophia.log t", "SELECT t::text FROM ONLY sophia.log t");

    private string Any(params string[] of) => of[random.Next(of.Length)];
}
