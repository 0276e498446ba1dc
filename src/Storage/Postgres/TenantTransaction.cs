using Npgsql;
using Sophia.Tenants;

namespace Sophia.Postgres;

/// <summary>An open transaction of one tenant: the only way by which statements reach the tables of tenants.</summary>
/// <remarks>Its first round trip also begins it and says whose it is, for this transaction alone; a writing one locks the tenant's row and learns its counters. One of many locks it against deletion alone, and must not count.</remarks>
internal sealed class TenantTransaction(NpgsqlConnection connection, TenantId tenant, TenantSeal seal, TenantMemory memory, bool waitsForDisk, bool isOneOfMany)
{
    private const string Lock = "SELECT last_position, last_name, last_quarantine, since FROM sophia.tenants WHERE tenant=$1 FOR NO KEY UPDATE";
    private const string LockAsOneOfMany = "SELECT last_position, last_name, last_quarantine, since FROM sophia.tenants WHERE tenant=$1 FOR KEY SHARE";
    private NpgsqlBatch? pending;
    private bool begun;

    public TenantId Tenant => tenant;

    /// <summary>What the lane knows of the tenant already.</summary>
    public TenantMemory Memory => memory;

    public TenantCounters Counters { get; } = new();

    /// <summary>One round trip: what was told so far and then these statements go out together, and their results are read in the same order.</summary>
    public async Task<T> Ask<T>(Action<TenantStatements> statements, Func<NpgsqlDataReader, Task<T>> answer)
    {
        var starts = pending is null && !begun;
        await using var batch = Pending();
        pending = null;
        statements(new TenantStatements(batch, tenant));
        await using var reader = await batch.ExecuteReaderAsync();
        if (starts)
            await ReadCounters(reader);
        var answered = await answer(reader);
        while (await reader.NextResultAsync())
        {
        }
        return answered;
    }

    /// <summary>Statements that answer nothing. They go out with the next question, or with the commit; what is wrong with them shows there.</summary>
    public async Task Tell(Action<TenantStatements> statements)
    {
        // The counters come with the first answer, and whoever tells may count.
        if (!begun)
            await Ask(static _ => { }, static _ => Task.FromResult(true));
        statements(new TenantStatements(Pending(), tenant));
    }

    /// <summary>Writes the counters and commits; when it returns, the disk has it, if that was asked for.</summary>
    public async Task Commit()
    {
        if (!begun)
            return;
        await using var batch = Pending();
        pending = null;
        if (Counters.Changed && isOneOfMany)
            throw new InvalidOperationException("Work that is one of many must not count.");
        if (Counters.Changed)
            new TenantStatements(batch, tenant).Add("UPDATE sophia.tenants SET last_position=$2, last_name=$3, last_quarantine=$4 WHERE tenant=$1")
                .Int(Counters.Position).Int(Counters.Name).Int(Counters.Quarantine);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
        await batch.ExecuteNonQueryAsync();
    }

    /// <summary>Reads from one state of the tenant's rows, in one round trip.</summary>
    public static async Task<T> Read<T>(NpgsqlConnection connection, TenantId tenant, TenantSeal seal, Action<TenantStatements> statements, Func<NpgsqlDataReader, Task<T>> answer, CancellationToken cancellation)
    {
        await using var batch = connection.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
        batch.BatchCommands.Add(Whose(tenant, seal));
        statements(new TenantStatements(batch, tenant));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        await reader.NextResultAsync(cancellation);
        return await answer(reader);
    }

    private NpgsqlBatch Pending()
    {
        if (pending is not null)
            return pending;
        pending = connection.CreateBatch();
        if (!begun)
            Begin(pending);
        begun = true;
        return pending;
    }

    private void Begin(NpgsqlBatch batch)
    {
        batch.BatchCommands.Add(new NpgsqlBatchCommand("BEGIN"));
        batch.BatchCommands.Add(Whose(tenant, seal));
        if (!waitsForDisk)
            batch.BatchCommands.Add(new NpgsqlBatchCommand("SET LOCAL synchronous_commit = off"));
        var own = new TenantStatements(batch, tenant);
        if (!memory.TenantIsThere)
            own.Add("INSERT INTO sophia.tenants(tenant) VALUES($1) ON CONFLICT DO NOTHING");
        own.Add(isOneOfMany ? LockAsOneOfMany : Lock);
    }

    private async Task ReadCounters(NpgsqlDataReader reader)
    {
        await reader.NextResultAsync();
        var since = await reader.ReadAsync() ? reader.GetDateTime(3) : (DateTime?)null;
        if (since is null || (memory.Since is { } known && known != since))
        {
            memory.Forget();
            throw new TenantBeganAnewException();
        }
        memory.NewSince = since;
        Counters.Load(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
        await reader.NextResultAsync();
    }

    private static NpgsqlBatchCommand Whose(TenantId tenant, TenantSeal seal) => new("SELECT set_config('sophia.tenant', $1, true)")
    {
        Parameters = { new NpgsqlParameter<string> { TypedValue = seal.Of(tenant), NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text } },
    };
}

/// <summary>The tenant was deleted since this process last looked, and perhaps made again: what was remembered of it is forgotten, and the work may be done again.</summary>
internal sealed class TenantBeganAnewException() : Exception("The tenant was deleted meanwhile.");

/// <summary>What a tenant counts: log positions, numbered names, quarantined items. Locked while a transaction writes.</summary>
internal sealed class TenantCounters
{
    private (long, long, long) loaded;

    public long Position { get; set; }

    public long Name { get; set; }

    public long Quarantine { get; set; }

    public bool Changed => loaded != (Position, Name, Quarantine);

    public void Load(long position, long name, long quarantine) => loaded = (Position, Name, Quarantine) = (position, name, quarantine);
}
