using Npgsql;
using Sophia.Log;

namespace Sophia.Postgres;

/// <summary>One step of the schema. Steps are only ever added.</summary>
/// <param name="CompatibleFrom">The oldest program, by the newest step it knows, that may run once this is applied: the number before for a step that expands, higher for one that contracts.</param>
internal sealed record Migration(int Number, int CompatibleFrom, string Sql);

/// <summary>Brings the schema up, as its owner, one silo at a time.</summary>
internal static class SchemaMigrator
{
    private const long AdvisoryLock = 0x536F50686961;

    private const string Ground = """
        CREATE SCHEMA IF NOT EXISTS sophia;
        CREATE TABLE IF NOT EXISTS sophia.schema_version(version int PRIMARY KEY, compatible_from int NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
        """;

    /// <exception cref="StorageException">NewerFormat: the schema no longer suits programs as old as this one.</exception>
    public static void Run(NpgsqlConnectionStringBuilder owner, IReadOnlyList<Migration> migrations, string siloRole, TenantSeal seal)
    {
        using var connection = new NpgsqlConnection(owner.ConnectionString);
        connection.Open();
        using var transaction = connection.BeginTransaction();
        Run(connection, $"SELECT pg_advisory_xact_lock({AdvisoryLock})");
        Run(connection, Ground);
        var (version, compatibleFrom) = Versions(connection);
        Refuse(version, compatibleFrom, migrations.Count);
        foreach (var migration in migrations.Where(m => m.Number > version))
        {
            Run(connection, migration.Sql);
            Run(connection, "INSERT INTO sophia.schema_version(version, compatible_from) VALUES($1, $2)", migration.Number, migration.CompatibleFrom);
        }
        Grant(connection, siloRole);
        var (inner, outer) = seal.Paddings();
        Run(connection, "INSERT INTO sophia.seals(role, inner_pad, outer_pad) VALUES($1, $2, $3) ON CONFLICT(role) DO UPDATE SET inner_pad=$2, outer_pad=$3", siloRole, inner, outer);
        transaction.Commit();
    }

    /// <summary>The newest step applied, and the oldest program that may run with it; 0 and 0 for a new database.</summary>
    public static (int Version, int CompatibleFrom) Versions(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand("SELECT coalesce(max(version), 0), coalesce(max(compatible_from), 0) FROM sophia.schema_version", connection);
        using var reader = command.ExecuteReader();
        reader.Read();
        return (reader.GetInt32(0), reader.GetInt32(1));
    }

    public static void Refuse(int version, int compatibleFrom, int known)
    {
        if (compatibleFrom > known)
            throw new StorageException(StorageFault.NewerFormat,
                $"The PostgreSQL schema has version {version}, for programs that know version {compatibleFrom} or newer; this Sophia knows versions up to {known}. Use a newer Sophia.");
    }

    private static void Grant(NpgsqlConnection connection, string role)
    {
        var quoted = "\"" + role.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
        Run(connection, $"""
            GRANT USAGE ON SCHEMA sophia TO {quoted};
            GRANT SELECT ON sophia.schema_version, sophia.store TO {quoted};
            GRANT SELECT, INSERT, UPDATE, DELETE ON {string.Join(", ", PostgresSchema.TenantTables.Select(table => "sophia." + table))} TO {quoted};
            GRANT SELECT ON sophia.recent_syncs TO {quoted};
            GRANT EXECUTE ON FUNCTION sophia.current_tenant() TO {quoted};
            {Cluster.MembershipSchema.Grants(quoted)}
            """);
    }

    private static void Run(NpgsqlConnection connection, string sql, params object[] values)
    {
        using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        command.ExecuteNonQuery();
    }
}
