using Npgsql;
using Sophia.Postgres;

namespace Sophia.Servers;

/// <summary>A database of one test with its two roles, copied from one that holds the schema already.</summary>
internal sealed class ScratchDatabase : IDisposable
{
    public const string OwnerRole = "sophia_owner";
    public const string SiloRole = "sophia_silo";
    private const string Secret = "s3cret";
    private static readonly Lock Making = new();
    private static readonly HashSet<int> Prepared = [];
    private static int made;

    private readonly PostgresServer server;
    private readonly string name;

    /// <param name="empty">Without the schema.</param>
    public ScratchDatabase(bool empty = false, PostgresServer? server = null)
    {
        this.server = server ?? PostgresServer.Relaxed;
        name = $"scratch_{Environment.ProcessId}_{Interlocked.Increment(ref made)}";
        lock (Making)
        {
            if (Prepared.Add(this.server.Port))
                Prepare(this.server);
            Execute(this.server, "postgres", $"CREATE DATABASE {name} OWNER {OwnerRole} TEMPLATE {(empty ? "template1" : "sophia_template")}");
        }
    }

    public string Silo => server.Connection(name, SiloRole, Secret);

    public string Owner => server.Connection(name, OwnerRole, Secret);

    public string Superuser => server.Connection(name);

    public string SiloWith(string password) => server.Connection(name, SiloRole, password);

    public PostgresOptions Options => new() { Connection = Silo };

    public void Dispose() => Execute(server, "postgres", $"DROP DATABASE {name} WITH (FORCE)");

    /// <summary>Runs statements as somebody, for as long as they take.</summary>
    public static void Execute(string connection, string sql)
    {
        using var open = new NpgsqlConnection(connection + ";Pooling=false");
        open.Open();
        using var command = new NpgsqlCommand(sql, open) { CommandTimeout = 0 };
        command.ExecuteNonQuery();
    }

    private static void Execute(PostgresServer server, string database, string sql) => Execute(server.Connection(database), sql);

    private static void Prepare(PostgresServer server)
    {
        Execute(server, "postgres", $"CREATE ROLE {OwnerRole} LOGIN PASSWORD '{Secret}'");
        Execute(server, "postgres", $"CREATE ROLE {SiloRole} LOGIN PASSWORD '{Secret}'");
        Execute(server, "postgres", $"CREATE DATABASE sophia_template OWNER {OwnerRole}");
        var options = new PostgresOptions { Connection = server.Connection("sophia_template", SiloRole, Secret), OwnerConnection = server.Connection("sophia_template", OwnerRole, Secret) };
        PostgresDatabase.Open(options, TimeProvider.System).DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
