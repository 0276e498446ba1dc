using System.Text;
using Npgsql;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Postgres;
using Sophia.Quality;
using Sophia.Queues;
using Sophia.Resilience;
using Sophia.Servers;
using Sophia.Tenants;

namespace Sophia.Security;

/// <summary>Goal: who gets any SQL into a silo's connection sees and changes one tenant alone. Method: generated attacks as the silo's role inside a transaction of "acme"; answers, errors and notices are searched for what is the victim's.</summary>
[NeedsPostgres]
public sealed class HostileSqlTests : IAsyncLifetime
{
    private const int Attacks = 12_000;
    private const int Seed = 20_260_301;
    private const string Secret = "topsecret";
    private static readonly TenantId Acme = TenantId.Parse("acme");
    private static readonly TenantId Victim = TenantId.Parse("victim");
    private static readonly string SecretHex = Convert.ToHexStringLower(Encoding.UTF8.GetBytes(Secret));

    private readonly ScratchDatabase scratch = new();
    private readonly List<string> heard = [];
    private PostgresDatabase database = null!;

    public async Task InitializeAsync()
    {
        database = PostgresDatabase.Open(scratch.Options, TimeProvider.System);
        await Fill(Acme, "own");
        await Fill(Victim, Secret);
        ScratchDatabase.Execute(scratch.Superuser, "ANALYZE");
    }

    public async Task DisposeAsync()
    {
        await database.DisposeAsync();
        scratch.Dispose();
    }

    [EngineFact]
    public async Task Ten_thousand_hostile_statements_see_and_change_nothing_of_another_tenant()
    {
        var before = await Fingerprint();
        var leaks = await Attack(Attacks);
        Assert.True(leaks.Count == 0, $"seed {Seed}, {leaks.Count} leaks, the first: {leaks.FirstOrDefault()}");
        Assert.Equal(before, await Fingerprint());
    }

    /// <summary>The planted fault: the same attacks must find an open door.</summary>
    [EngineFact]
    public async Task With_row_level_security_off_the_same_statements_leak()
    {
        foreach (var table in PostgresSchema.TenantTables)
            ScratchDatabase.Execute(scratch.Owner, $"ALTER TABLE sophia.{table} DISABLE ROW LEVEL SECURITY");
        Assert.True((await Attack(500)).Count > 100);
    }

    [EngineFact]
    public async Task Without_a_tenant_or_with_a_false_seal_there_are_no_rows()
    {
        await using var connection = await Silo();
        foreach (var table in PostgresSchema.TenantTables)
        {
            Assert.Equal(0L, await Scalar(connection, $"SELECT count(*) FROM sophia.{table}"));
            Assert.Equal(0L, await Scalar(connection, $"BEGIN; SET LOCAL sophia.tenant = 'acme'; SELECT count(*) FROM sophia.{table}; ROLLBACK"));
            Assert.Equal(0L, await Scalar(connection, $"BEGIN; SET LOCAL sophia.tenant = '{new TenantSeal("guessed").Of(Acme)}'; SELECT count(*) FROM sophia.{table}; ROLLBACK"));
            Assert.NotEqual(0L, await Scalar(connection, $"BEGIN; SET LOCAL sophia.tenant = '{database.Seal.Of(Acme)}'; SELECT count(*) FROM sophia.{table}; ROLLBACK"));
        }
    }

    [EngineFact]
    public async Task Every_table_with_a_tenant_is_forced_under_security_and_the_silo_can_neither_truncate_nor_reach_a_partition()
    {
        await using var connection = new NpgsqlConnection(scratch.Superuser + ";Pooling=false");
        await connection.OpenAsync();
        Assert.Equal("", await Scalar(connection, """
            SELECT coalesce(string_agg(c.relname, ','), '') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'sophia' AND c.relkind IN ('r', 'p') AND c.relname NOT IN ('seals', 'schema_version', 'store') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
            """));
        Assert.Equal("", await Scalar(connection, """
            SELECT coalesce(string_agg(c.relname, ','), '') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'sophia' AND c.relkind IN ('r', 'p') AND (has_table_privilege('sophia_silo', c.oid, 'TRUNCATE') OR has_table_privilege('sophia_silo', c.oid, 'TRIGGER')
                OR c.relispartition AND has_table_privilege('sophia_silo', c.oid, 'SELECT'))
            """));
        Assert.Equal(PostgresSchema.TenantTables.Count * 1L, await Scalar(connection, "SELECT count(*) FROM pg_policies WHERE schemaname = 'sophia' AND qual = with_check AND qual LIKE '%current_tenant()%'"));
    }

    private async Task<List<string>> Attack(int count)
    {
        var hostile = new HostileSql(Seed);
        var leaks = new List<string>();
        await using var connection = await Silo();
        connection.Notice += (_, told) => heard.Add(told.Notice.MessageText);
        for (var i = 0; i < count; i++)
        {
            var sql = hostile.Next();
            heard.Clear();
            await Try(connection, sql);
            if (heard.FirstOrDefault(IsForeign) is { } leak)
                leaks.Add($"{sql} -> {leak[..Math.Min(200, leak.Length)]}");
        }
        return leaks;
    }

    private async Task Try(NpgsqlConnection connection, string sql)
    {
        await Scalar(connection, $"BEGIN; SELECT set_config('sophia.tenant', '{database.Seal.Of(Acme)}', true)");
        try
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await using var reader = await command.ExecuteReaderAsync();
            do
                while (await reader.ReadAsync())
                    for (var column = 0; column < reader.FieldCount; column++)
                        heard.Add(reader.IsDBNull(column) ? "" : reader.GetFieldType(column) == typeof(byte[]) ? Encoding.UTF8.GetString(reader.GetFieldValue<byte[]>(column)) : reader.GetValue(column).ToString()!);
            while (await reader.NextResultAsync());
        }
        catch (PostgresException refused)
        {
            heard.Add($"{refused.MessageText} {refused.Detail}".Replace("'victim'", "", StringComparison.Ordinal).Replace("\"victim\"", "", StringComparison.Ordinal));
        }
        await Scalar(connection, "ROLLBACK; DISCARD TEMP; RESET ALL");
    }

    private static bool IsForeign(string text) =>
        text.Contains("victim", StringComparison.Ordinal) || text.Contains(Secret, StringComparison.Ordinal) || text.Contains(SecretHex, StringComparison.OrdinalIgnoreCase);

    private async Task<NpgsqlConnection> Silo()
    {
        var connection = new NpgsqlConnection(scratch.Silo + ";Pooling=false");
        await connection.OpenAsync();
        return connection;
    }

    private static async Task<object?> Scalar(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    private async Task<string> Fingerprint()
    {
        await using var connection = new NpgsqlConnection(scratch.Superuser + ";Pooling=false");
        await connection.OpenAsync();
        var tables = PostgresSchema.TenantTables.Select(table => $"SELECT '{table}' || md5(string_agg(t::text, ',' ORDER BY t::text)) AS print FROM sophia.{table} t WHERE tenant = 'victim'");
        return (string)(await Scalar(connection, $"SELECT string_agg(print, ';' ORDER BY print) FROM ({string.Join(" UNION ALL ", tables)}) p"))!;
    }

    /// <summary>One row at least in every table that has a tenant.</summary>
    private async Task Fill(TenantId tenant, string word)
    {
        var log = new PostgresLogStore(database, null, new TestMarks());
        var at = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
        var payload = Encoding.UTF8.GetBytes($"{{\"note\":\"{word}\"}}");
        var gone = Encoding.UTF8.GetBytes($"{{\"gone\":\"{word}\"}}");
        var run = new RunRow($"run-{word}", $"crm-{word}", 1, false, RunState.Running, word, at, at, null, TimeSpan.Zero, new RunCounts(), 1, 0, null, null, 0);
        await log.Append(tenant, new AppendBatch
        {
            Fence = await log.Acquire(tenant, "lane-0", default),
            At = at,
            Run = $"run-{word}",
            OnceKey = $"once-{word}",
            Entries = [.. Enumerable.Range(0, 20).Select(i => new NewEntry(EntryType.Record, $"contacts-{word}", $"{word}-{i}", RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload), $"{word}.csv")),
                new NewEntry(EntryType.Record, $"contacts-{word}", "gone", RecordOperation.Upsert, gone, EntryHash.Of(RecordOperation.Upsert, gone))],
            Checkpoints = [new CheckpointWrite("crm", $"{word}.csv", word)],
            Quarantined = [new NewQuarantine("crm", "contacts", word, payload, [new CellReason("email", "format", word, "an address", null)], new Origin(word, 1, 2, 3, null), 1)],
            Erases = [new RecordKey($"contacts-{word}", "gone")],
            Erasure = $"erasure-{word}",
            RunRow = run,
            RunDelta = new RunDelta(run.RunId, new RunCounts(In: 1), Unreadable: [new UnreadableView($"{word}.bin", word, 1)]),
        }, default);
        await new PostgresGrainStorage(database, waitsForDisk: true).WriteStateAsync("state", Orleans.Runtime.GrainId.Create("tenant", tenant.Value), new Orleans.GrainState<string>(word));
        await new PostgresIndexStore(database, new VectorCache()).Apply(tenant, new IndexCursor(0, 0), new IndexCursor(1, 1),
            [new IndexedRecord($"contacts-{word}", word, 1, 1, at, word, new Dictionary<string, string>(), [new Chunk(0, ChunkKind.Entity, word, null, [], [])])], at, default);
        var (start, planned) = (new IndexCursor(0, 0), new PlannedRecord($"contacts-{word}", word, 1, $"edition-{word}", 1, 1));
        var ledger = new SearchLedgerWriter(database, $"engine-{word}");
        await ledger.Commit(tenant, (await ledger.Begin(tenant, start, [planned], $"build-{word}", default))!, start, new IndexCursor(1, 1), at, default);
        await ledger.Begin(tenant, new IndexCursor(1, 1), [planned with { Edition = $"next-{word}" }], "", default);
        await ledger.Kept(tenant, $"vector-{word}", new EmbedderId(word, 1, 3), await new SearchLedger(database).Holding(tenant, [1], default), default);
        await new PostgresVectorStore(database).Keep(tenant, new EmbedderId(word, 1, 2), [new ChunkVector(1, new float[] { 1, 0 })], default);
        await new PostgresIdempotencyStore(database).Write(tenant, $"key-{word}", 0, new IdempotencyRecord(1, IdempotencyState.Running, 1, 1, word, word, word, at, at, at), default);
        await new PostgresQueueStore(database).Enqueue(tenant, [new NewWork($"queue-{word}".ToLowerInvariant(), "kind", word) { DedupKey = word }], new QueueBounds(10, 10), at, default);
        // Reminders are the system's; here each tenant gets one, so that the table is no exception.
        await database.Write(tenant, async transaction =>
        {
            await transaction.Tell(tell => tell.Add("INSERT INTO sophia.reminders(tenant, grain, name, hash, start_ticks, period_ticks, etag) VALUES($1, $2, 'tick', 1, 1, 1, 'tag')").Text(word));
            return true;
        }, default);
    }
}
