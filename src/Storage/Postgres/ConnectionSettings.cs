using Npgsql;
using Sophia.Log;

namespace Sophia.Postgres;

/// <summary>Reads connection strings and adds what every connection of Sophia has.</summary>
internal static class ConnectionSettings
{
    /// <summary>Statements that each connection keeps prepared.</summary>
    private const int PreparedStatements = 100;

    /// <summary>What Npgsql takes for no limit of time.</summary>
    private const int NoLimit = 0;

    /// <summary>Plans are made once, often while a table is empty, and kept. Every statement reaches its rows by a whole key, so the planner is not let to prefer reading all of a tenant's rows, which a small table makes look cheap.</summary>
    private const string Planner = "-c plan_cache_mode=force_generic_plan -c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off -c jit=off -c work_mem=32MB";

    public static NpgsqlConnectionStringBuilder Silo(PostgresOptions options)
    {
        var settings = Parse(options.Connection, "SOPHIA_POSTGRES");
        if (string.IsNullOrEmpty(settings.Password))
            throw Refused("SOPHIA_POSTGRES has no password. The seal that keeps tenants apart is made from it.");
        settings.MaxPoolSize = options.Connections;
        settings.Timeout = options.ConnectWithinSeconds;
        settings.CommandTimeout = options.StatementWithinSeconds + options.LockWithinSeconds + 5;
        settings.MaxAutoPrepare = PreparedStatements;
        settings.AutoPrepareMinUsages = 2;
        // Everything that a transaction sets ends with it, so a connection needs no cleaning between uses.
        settings.NoResetOnClose = true;
        settings.Options = $"{settings.Options} -c lock_timeout={options.LockWithinSeconds}s -c statement_timeout={options.StatementWithinSeconds}s "
            + $"-c idle_in_transaction_session_timeout={options.IdleTransactionWithinSeconds}s -c synchronous_commit=on {Planner}".TrimStart();
        return settings;
    }

    public static NpgsqlConnectionStringBuilder Owner(string connection, PostgresOptions options)
    {
        var settings = Parse(connection, "SOPHIA_POSTGRES_OWNER");
        settings.Timeout = options.ConnectWithinSeconds;
        // Processes that start together wait for each other's migration, and a step takes as long as the tables are large.
        settings.CommandTimeout = NoLimit;
        settings.Pooling = false;
        return settings;
    }

    private static NpgsqlConnectionStringBuilder Parse(string connection, string variable)
    {
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connection) { ApplicationName = "sophia" };
            return settings is { Host.Length: > 0, Username.Length: > 0, Database.Length: > 0 } ? settings
                : throw Refused($"{variable} must name Host, Username and Database, as in Host=127.0.0.1;Port=5432;Database=sophia;Username=sophia;Password=…");
        }
        catch (Exception failure) when (failure is ArgumentException or FormatException)
        {
            // The text itself is not repeated: it holds a password.
            throw Refused($"{variable} is no connection string: write Host=127.0.0.1;Port=5432;Database=sophia;Username=sophia;Password=…");
        }
    }

    private static StorageException Refused(string why) => new(StorageFault.Unreachable, why);
}
