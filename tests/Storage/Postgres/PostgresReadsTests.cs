using Npgsql;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Servers;
using Sophia.Tenants;

namespace Sophia.Postgres;

// Goal: one tenant's slow reads leave connections to the reads of others, all reads together leave some to writes, a read ends with whoever waits for it, and what is lost with a connection before anything was committed is done again, once.
// Method: reads that wait for a lock which the test holds, connections that the test ends.
[NeedsPostgres]
public sealed class PostgresReadsTests : IAsyncLifetime
{
    private const string Slow = "SELECT pg_advisory_xact_lock_shared(7)::text";

    /// <summary>Longer than any of these tests: what is slow here is slow until the test has it go on.</summary>
    private const int LongSeconds = 600;

    private static readonly TenantId Acme = TenantId.Parse("acme"), Other = TenantId.Parse("other"), Third = TenantId.Parse("third");
    private readonly ScratchDatabase scratch = new();
    private readonly NpgsqlConnection blocker;
    private readonly PostgresDatabase database;
    private readonly IPolicy policy = Patient();

    public PostgresReadsTests()
    {
        blocker = new NpgsqlConnection(scratch.Superuser + ";Pooling=false");
        database = PostgresDatabase.Open(new PostgresOptions { Connection = scratch.Silo, Connections = 4, ReadersPerTenant = 2, LockWithinSeconds = LongSeconds, StatementWithinSeconds = LongSeconds }, TimeProvider.System);
        database.Policy = () => policy;
    }

    public async Task InitializeAsync()
    {
        await blocker.OpenAsync();
        await Tell("SELECT pg_advisory_lock(7)");
    }

    public async Task DisposeAsync()
    {
        await database.DisposeAsync();
        await blocker.DisposeAsync();
        scratch.Dispose();
    }

    [EngineFact]
    public async Task Slow_reads_of_one_tenant_leave_others_their_reads_and_those_of_all_leave_the_log_its_writes()
    {
        var flood = Enumerable.Range(0, 20).Select(_ => Read(Acme, Slow)).ToList();
        await Eventually.Comes(() => (database.Reads.Inside, database.Reads.Waiting) == (2, 18), "the flood reads as far as it may");
        Assert.Equal("1", await Read(Other, "SELECT '1'"));
        flood.AddRange(Enumerable.Range(0, 20).Select(_ => Read(Other, Slow)));
        await Eventually.Comes(() => (database.Reads.Inside, database.Reads.Waiting) == (3, 37), "all connections that read are taken");
        var log = new PostgresLogStore(database);
        foreach (var tenant in (TenantId[])[Acme, Other, Third])
            await log.Acquire(tenant, "lane-0", default);
        await Tell("SELECT pg_advisory_unlock(7)");
        await Task.WhenAll(flood);
        Assert.Equal((0, 0), (database.Reads.Inside, database.Reads.Waiting));
    }

    [EngineFact]
    public async Task A_read_and_the_wait_for_its_turn_end_with_the_deadline_of_whoever_asked_and_leave_nothing_behind()
    {
        Task<string?>[] reads;
        using (Deadline.Until(TimeProvider.System.GetUtcNow() + TimeSpan.FromMilliseconds(500)))
            reads = [.. Enumerable.Range(0, 6).Select(_ => Read(Acme, Slow))];
        foreach (var read in reads)
            Assert.Equal(RefusalCode.DeadlinePassed, (await Assert.ThrowsAsync<RefusedException>(() => read)).Code);
        Assert.Equal((0, 0), (database.Reads.Inside, database.Reads.Waiting));
        await Eventually.Comes(() => Waiting() == 0, "the server was told to stop");
        Assert.Equal("1", await Read(Acme, "SELECT '1'"));
    }

    [EngineFact]
    public async Task A_read_whose_connection_was_lost_is_made_again_and_without_a_policy_it_is_told()
    {
        await Read(Acme, "SELECT '1'");
        await End("idle");
        Assert.Equal("1", await Read(Acme, "SELECT '1'"));
        database.Policy = static () => null;
        await End("idle");
        Assert.Equal(StorageFault.Unreachable, (await Assert.ThrowsAsync<StorageException>(() => Read(Acme, "SELECT '1'"))).Fault);
    }

    [EngineFact]
    public async Task A_write_whose_connection_was_lost_before_its_commit_was_sent_is_done_again_and_takes_effect_once()
    {
        var (runs, log) = (0, new PostgresLogStore(database));
        await log.Acquire(Acme, "before", default);
        var position = await database.Write(Acme, async transaction =>
        {
            await transaction.Ask(static _ => { }, static _ => Task.FromResult(true));
            if (runs++ == 0)
                await End("idle in transaction");
            await transaction.Ask(static ask => ask.Add("INSERT INTO sophia.owners(tenant, owner, epoch, position) VALUES($1, 'made', 7, 0)"), static _ => Task.FromResult(true));
            return transaction.Counters.Position;
        }, default);
        Assert.Equal((0L, 2), (position, runs));
        Assert.Equal(8, (await log.Acquire(Acme, "made", default)).Epoch);
    }

    [EngineFact]
    public async Task A_statement_that_was_too_slow_is_not_repeated()
    {
        await using var hasty = PostgresDatabase.Open(new PostgresOptions { Connection = scratch.Silo, StatementWithinSeconds = 1 }, TimeProvider.System);
        var asked = 0;
        hasty.Policy = () => policy;
        await Assert.ThrowsAsync<StorageException>(() => hasty.Read(Acme, ask =>
        {
            asked++;
            ask.Add(Slow);
        }, static _ => Task.FromResult(0), default));
        Assert.Equal(1, asked);
    }

    private static IPolicy Patient()
    {
        var options = new PoliciesOptions();
        options.Dependencies[PolicyNames.Postgres] = options.Of(PolicyNames.Postgres) with { AttemptWithin = TimeSpan.FromSeconds(LongSeconds), Within = TimeSpan.FromSeconds(LongSeconds) };
        return new LonePolicies(options, new Random(7), TimeProvider.System).OfInstallation(PolicyNames.Postgres);
    }

    private Task<string?> Read(TenantId tenant, string sql) => database.Find(tenant, ask => ask.Add(sql), row => row.GetString(0), default);

    private async Task Tell(string sql)
    {
        await using var command = new NpgsqlCommand(sql, blocker);
        await command.ExecuteNonQueryAsync();
    }

    private long Waiting()
    {
        using var command = new NpgsqlCommand($"SELECT count(*) FROM pg_stat_activity WHERE usename = '{ScratchDatabase.SiloRole}' AND datname = current_database() AND wait_event = 'advisory'", blocker);
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>Ends the silo's connections that are in this state, and waits until they have gone.</summary>
    private async Task End(string state)
    {
        var mine = $"FROM pg_stat_activity WHERE usename = '{ScratchDatabase.SiloRole}' AND datname = current_database() AND state = '{state}'";
        await using var end = new NpgsqlCommand($"SELECT count(pg_terminate_backend(pid)) {mine}", blocker);
        Assert.NotEqual(0L, await end.ExecuteScalarAsync());
        await using var left = new NpgsqlCommand($"SELECT count(*) {mine}", blocker);
        await Eventually.Comes(() => (long)left.ExecuteScalar()! == 0, "they have gone");
    }
}
