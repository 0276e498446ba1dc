using Npgsql;
using Sophia.Log;
using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Postgres;

/// <summary>One database as one silo uses it: a pool of connections, and a lane for each tenant that is in use.</summary>
internal sealed class PostgresDatabase : IAsyncDisposable
{
    private readonly PostgresOptions options;
    private readonly NpgsqlDataSource source;
    private readonly Lock gate = new();
    private readonly Dictionary<TenantId, TenantLane> lanes = [];

    private PostgresDatabase(PostgresOptions options, NpgsqlDataSource source, TenantSeal seal, string server, Guid store, TimeProvider time) =>
        (this.options, this.source, Seal, Server, Store, Time, Reads) = (options, source, seal, server, store, time, new TenantTurns(options.ReadConnections, options.ReadersPerTenant));

    public TenantSeal Seal { get; }

    /// <summary>Whether a tenant is deleted, so that nobody reads or writes it any more but who deletes it.</summary>
    public Func<TenantId, bool> IsEnded { private get; set; } = static _ => false;

    /// <summary>How it is called; null: as it comes.</summary>
    public Func<IPolicy?> Policy { get; set; } = static () => null;

    /// <summary>Whose turn it is to read. Connections beyond these are the writers'.</summary>
    public TenantTurns Reads { get; }

    /// <summary>Host, port and database, for messages.</summary>
    public string Server { get; }

    /// <summary>The id that the store was given when its schema was made.</summary>
    public Guid Store { get; }

    /// <summary>The clock of pauses and of callers' deadlines.</summary>
    public TimeProvider Time { get; }

    /// <summary>Migrates the schema where the owner's connection is given, and checks everything that must hold before the first write.</summary>
    /// <exception cref="StorageException">Unreachable: no server, a wrong password, a role that could see too much. NewerFormat: the schema is of a newer Sophia.</exception>
    public static PostgresDatabase Open(PostgresOptions options, TimeProvider time)
    {
        var silo = ConnectionSettings.Silo(options);
        var server = $"{silo.Host}:{silo.Port}/{silo.Database}";
        var seal = new TenantSeal(silo.Password!);
        var source = new NpgsqlDataSourceBuilder(silo.ConnectionString) { Name = "sophia" }.Build(); // Measurements name the pool so.
        try
        {
            if (options.OwnerConnection is { Length: > 0 } owner)
                SchemaMigrator.Run(ConnectionSettings.Owner(owner, options), PostgresSchema.Migrations, silo.Username!, seal);
            using var connection = source.OpenConnection();
            return new PostgresDatabase(options, source, seal, server, StartCheck.Run(connection, PostgresSchema.Version, server, seal), time);
        }
        catch (NpgsqlException failure)
        {
            source.Dispose();
            throw PostgresFault.Of(failure, server);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>Runs the work in a transaction of the tenant, together with what else waits for it, and completes once it is committed.</summary>
    /// <param name="work">May run more than once; see <see cref="TenantLane"/>.</param>
    /// <param name="bytes">About how much it writes.</param>
    /// <param name="isOneOfMany">Whether other silos may write for the tenant meanwhile, because the work neither counts nor depends on more than the rows that it names. The tenant is not deleted meanwhile.</param>
    /// <exception cref="StorageException">The server failed; whether the work was committed is unknown.</exception>
    public Task<T> Write<T>(TenantId tenant, Func<TenantTransaction, Task<T>> work, CancellationToken cancellation, bool waitsForDisk = true, int bytes = 0, bool isOneOfMany = false) =>
        Use(tenant, lane => lane.Write(work, waitsForDisk, bytes, cancellation, isOneOfMany));

    /// <summary>Reads from one state of the tenant's rows, in one round trip.</summary>
    /// <param name="answer">May run more than once; see <see cref="PostgresReads"/>.</param>
    public Task<T> Read<T>(TenantId tenant, Action<TenantStatements> statements, Func<NpgsqlDataReader, Task<T>> answer, CancellationToken cancellation) =>
        Use(tenant, lane => Task.Run(() => lane.Read(statements, answer, cancellation), cancellation));

    /// <summary>Reads the rows of one statement.</summary>
    public Task<IReadOnlyList<T>> List<T>(TenantId tenant, Action<TenantStatements> statement, Func<NpgsqlDataReader, T> row, CancellationToken cancellation) =>
        Read<IReadOnlyList<T>>(tenant, statement, async reader => await reader.Rows(row), cancellation);

    public async Task<T?> Find<T>(TenantId tenant, Action<TenantStatements> statement, Func<NpgsqlDataReader, T> row, CancellationToken cancellation) where T : class =>
        (await List(tenant, statement, row, cancellation)).FirstOrDefault();

    /// <summary>As <see cref="Write{T}"/>, also of a tenant that is deleted. Only who deletes it may.</summary>
    public Task<T> WriteOfEnded<T>(TenantId tenant, Func<TenantTransaction, Task<T>> work, CancellationToken cancellation) => Leave(Take(tenant), lane => lane.Write(work, true, 0, cancellation));

    /// <summary>As <see cref="Read{T}"/>, also of a tenant that is deleted.</summary>
    public Task<T> ReadOfEnded<T>(TenantId tenant, Action<TenantStatements> statements, Func<NpgsqlDataReader, Task<T>> answer, CancellationToken cancellation) =>
        Leave(Take(tenant), lane => Task.Run(() => lane.Read(statements, answer, cancellation), cancellation));

    /// <summary>Forgets what is remembered of a tenant; its numbers may be given to other names from now on.</summary>
    public void Forget(TenantId tenant)
    {
        lock (gate)
            lanes.Remove(tenant);
    }

    public async ValueTask<NpgsqlConnection> Connect(CancellationToken cancellation) => await source.OpenConnectionAsync(cancellation);

    /// <summary>What the whole database takes on its server's disks, in bytes; of no tenant.</summary>
    public async Task<long> Size(CancellationToken cancellation)
    {
        await using var connection = await Connect(cancellation);
        await using var ask = new NpgsqlCommand("SELECT pg_database_size(current_database())", connection);
        return (long)(await ask.ExecuteScalarAsync(cancellation))!;
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();

    private Task<T> Use<T>(TenantId tenant, Func<TenantLane, Task<T>> work) => IsEnded(tenant)
        ? Task.FromException<T>(new StorageException(StorageFault.Unreachable, "This tenant is deleted.") { Told = "This tenant is deleted." }) : Leave(Take(tenant), work);

    private static async Task<T> Leave<T>(TenantLane lane, Func<TenantLane, Task<T>> work)
    {
        try
        {
            return await work(lane);
        }
        finally
        {
            lane.Leave();
        }
    }

    private TenantLane Take(TenantId tenant)
    {
        lock (gate)
        {
            if (!lanes.TryGetValue(tenant, out var lane))
            {
                if (lanes.Count >= options.RememberedTenants)
                    foreach (var idle in lanes.Where(l => l.Value.IsIdle).Select(l => l.Key).ToList())
                        lanes.Remove(idle);
                lanes[tenant] = lane = new TenantLane(tenant, this, options);
            }
            lane.Enter();
            return lane;
        }
    }
}
