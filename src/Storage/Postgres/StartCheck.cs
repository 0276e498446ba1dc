using Npgsql;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Postgres;

/// <summary>What must hold before a silo writes: a server new enough, a schema it knows, a role that row-level security binds, a seal that is believed.</summary>
internal static class StartCheck
{
    private const int OldestServer = 150_000;

    private const string Question = """
        SELECT current_setting('server_version_num')::int, r.rolsuper OR r.rolbypassrls, EXISTS(SELECT FROM pg_namespace WHERE nspname='sophia' AND has_schema_privilege(oid, 'USAGE')),
            EXISTS(SELECT FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace WHERE n.nspname='sophia' AND pg_has_role(current_user, c.relowner, 'MEMBER')),
            EXISTS(SELECT FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace WHERE n.nspname='sophia' AND c.relname = ANY($1) AND NOT (c.relrowsecurity AND c.relforcerowsecurity)),
            current_user::text
        FROM pg_roles r WHERE r.rolname = current_user
        """;

    /// <summary>The id of the store, which a data folder remembers.</summary>
    public static Guid Run(NpgsqlConnection connection, int known, string server, TenantSeal seal)
    {
        using (var question = new NpgsqlCommand(Question, connection) { Parameters = { new NpgsqlParameter { Value = PostgresSchema.TenantTables.ToArray() } } })
        using (var answer = question.ExecuteReader())
        {
            answer.Read();
            var role = answer.GetString(5);
            if (answer.GetInt32(0) < OldestServer)
                throw Refused($"PostgreSQL at {server} is older than 15.");
            if (!answer.GetBoolean(2))
                throw Refused($"PostgreSQL at {server} has no schema of Sophia, or \"{role}\" may not use it. Give SOPHIA_POSTGRES_OWNER once, so that she can make it.");
            if (answer.GetBoolean(1) || answer.GetBoolean(3))
                throw Refused($"The role \"{role}\" at {server} is not bound by row-level security: it is a superuser, has BYPASSRLS or owns tables. Give SOPHIA_POSTGRES another role, and this one as SOPHIA_POSTGRES_OWNER.");
            if (answer.GetBoolean(4))
                throw Refused($"Row-level security is switched off in PostgreSQL at {server}. Switch it on before anybody writes.");
        }
        var (version, compatibleFrom) = SchemaMigrator.Versions(connection);
        SchemaMigrator.Refuse(version, compatibleFrom, known);
        if (version < known)
            throw Refused($"The PostgreSQL schema at {server} has version {version}; this Sophia needs {known}. Give SOPHIA_POSTGRES_OWNER once, so that she can migrate it.");
        var system = TenantId.Parse(TenantKey.System);
        using var probe = connection.BeginTransaction();
        using var whose = new NpgsqlCommand("SELECT set_config('sophia.tenant', $1, true)", connection) { Parameters = { new NpgsqlParameter { Value = seal.Of(system) } } };
        whose.ExecuteNonQuery();
        using var believed = new NpgsqlCommand("SELECT sophia.current_tenant()", connection);
        var tenant = believed.ExecuteScalar() as string;
        using var ask = new NpgsqlCommand("SELECT id FROM sophia.store", connection);
        var store = (Guid)ask.ExecuteScalar()!;
        if (tenant != system.Value)
            throw Refused($"The password of SOPHIA_POSTGRES has changed since the schema was prepared at {server}. Give SOPHIA_POSTGRES_OWNER once, so that the seal of tenants is renewed.");
        return store;
    }

    private static StorageException Refused(string why) => new(StorageFault.Unreachable, why);
}
