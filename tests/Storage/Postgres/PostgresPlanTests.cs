using Npgsql;
using Sophia.Log;
using Sophia.Pipelines;
using Sophia.Servers;

namespace Sophia.Postgres;

/// <summary>Goal: an append or a question costs as many index probes as it has keys, however much the tenant holds. Method: the plans that a silo makes while the tables are empty, and would keep.</summary>
[NeedsPostgres]
public sealed class PostgresPlanTests : IDisposable
{
    private readonly ScratchDatabase scratch = new();

    public void Dispose() => scratch.Dispose();

    [EngineFact]
    public async Task Heads_are_found_by_their_whole_key()
    {
        var plan = await Plan(PostgresHeads.Find, "text, bigint[], bytea[]", "'acme', '{1}', '{x}'");
        Assert.Contains("Index Cond: ((tenant = ($1)::text) AND (stream_id = w.stream_id) AND (key = w.key))", plan);
        Assert.Contains("Subplans Removed: 15", plan);
        Assert.DoesNotContain("Seq Scan", plan);
    }

    [EngineFact]
    public async Task A_history_is_walked_row_by_row()
    {
        var plan = await Plan(PostgresLogStore.Walk, "text, text, bytea, bigint, bigint", "'acme', 'contacts', 'x', 9, 1");
        Assert.Contains("Index Cond: ((tenant = ($1)::text) AND (\"position\" = c_1.previous))", plan);
        Assert.Contains("Index Cond: ((tenant = ($1)::text) AND (\"position\" = c.\"position\"))", plan);
        Assert.Contains("Index Cond: ((tenant = ($1)::text) AND (id = log.stream_id))", plan);
        Assert.DoesNotContain("Seq Scan", plan);
    }

    /// <summary>Goal: retention, reading as it stood, and a run's page cost what they touch, in a log of 200,000 rows. Method: the plans that a silo keeps, and the pages of disk that each statement really visits, against those of the log.</summary>
    [EngineFact]
    public async Task Retention_and_reading_as_it_stood_go_by_index_in_a_log_of_200_000_rows()
    {
        Fill(rows: 200_000, keys: 50_000);
        var positions = $"'{{{string.Join(',', Enumerable.Range(1, 1_000).Select(n => n * 150))}}}'";
        var keys = $"'{{{string.Join(',', Enumerable.Range(1, 100).Select(n => $"k{n * 400:D6}"))}}}'";
        (string Name, string Sql, string Types, string Values, int MostBuffers)[] statements =
        [
            ("chains of a page", PostgresChain.Chains, "text, text, bytea, bigint", "'acme', 'contacts', 'k010000', 100", 4_000),
            ("removed versions", PostgresChain.RemoveVersions, "text, bigint[]", $"'acme', {positions}", 12_000),
            ("ended chains", PostgresChain.EndChains, "text, bigint[]", $"'acme', {positions}", 20_000),
            ("removed heads", PostgresChain.RemoveHeads, "text, text, bytea[]", $"'acme', 'contacts', {keys}", 2_000),
            ("a page as it stood", PostgresLogStore.Stood, "text, text, bytea, bigint, timestamptz", "'acme', 'contacts', 'k010000', 100, '2026-01-01T00:30:00Z'", 6_000),
            ("a run by stream", PostgresRunStore.ByStream, "text, text, bigint, bigint, bigint", "'acme', 'run-7', 100500, 500, 0", 1_500),
        ];
        foreach (var (name, sql, types, values, most) in statements)
        {
            var plan = await Plan(sql, types, values);
            Assert.DoesNotMatch("Seq Scan on (log|heads)", plan);
            Assert.Matches("Index Cond: .*position|Index Cond: .*key", plan);
            var visited = await Buffers(sql, types, values);
            Assert.True(visited <= most, $"{name}: {visited} buffers, not at most {most}\n{plan}");
        }
    }

    /// <summary>A tenant's log, four versions of each key, a run for each 500 rows, and another tenant's of the same size, as it may lie in the same partition.</summary>
    private void Fill(int rows, int keys) => ScratchDatabase.Execute(scratch.Superuser, $"""
        INSERT INTO sophia.tenants(tenant, last_position) VALUES ('acme', {rows}), ('other', {rows});
        INSERT INTO sophia.streams(tenant, id, name, type, records, deleted) SELECT t, 1, 'contacts', 1, {keys}, 0 FROM unnest(ARRAY['acme', 'other']) t;
        INSERT INTO sophia.names(tenant, id, name) SELECT t, n, 'run-' || n FROM unnest(ARRAY['acme', 'other']) t, generate_series(1, {rows / 500}) n;
        INSERT INTO sophia.log(tenant, position, stream_id, version, previous, at, run_id, key_id, type, format, operation, key, hash, payload)
            SELECT t, n, 1, (n - 1) / {keys} + 1, greatest(0, n - {keys}), timestamptz '2026-01-01' + n * interval '10 ms', CASE WHEN n BETWEEN 100001 AND 100500 THEN 7 ELSE 100 END, 0, 1, 1, 1,
                convert_to('k' || lpad(((n - 1) % {keys})::text, 6, '0'), 'UTF8'), '\x0011223344556677', convert_to(repeat('x', 200), 'UTF8') FROM unnest(ARRAY['acme', 'other']) t, generate_series(1, {rows}) n;
        INSERT INTO sophia.heads(tenant, stream_id, position, version, partition_id, operation, key, hash)
            SELECT tenant, 1, position, version, 1, 1, key, hash FROM sophia.log WHERE position > {rows - keys};
        ANALYZE sophia.log; ANALYZE sophia.heads; ANALYZE sophia.streams; ANALYZE sophia.names;
        """);

    /// <summary>Pages that a statement visits, as the superuser, whom security does not narrow; nothing of it stays.</summary>
    private async Task<int> Buffers(string sql, string types, string values)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(scratch.Superuser) { Pooling = false, Options = ConnectionSettings.Silo(scratch.Options).Options }.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var prepare = new NpgsqlCommand($"PREPARE q({types}) AS {sql}", connection))
            await prepare.ExecuteNonQueryAsync();
        await using var explain = new NpgsqlCommand($"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE q({values})", connection);
        using var told = System.Text.Json.JsonDocument.Parse((string)(await explain.ExecuteScalarAsync())!);
        var root = told.RootElement[0].GetProperty("Plan");
        return root.GetProperty("Shared Hit Blocks").GetInt32() + root.GetProperty("Shared Read Blocks").GetInt32();
    }

    private async Task<string> Plan(string sql, string types, string values)
    {
        await using var connection = new NpgsqlConnection(ConnectionSettings.Silo(scratch.Options).ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using (var prepare = new NpgsqlCommand($"PREPARE q({types}) AS {sql}", connection))
            await prepare.ExecuteNonQueryAsync();
        await using var explain = new NpgsqlCommand($"EXPLAIN EXECUTE q({values})", connection);
        await using var reader = await explain.ExecuteReaderAsync();
        return string.Join('\n', await reader.Rows(row => row.GetString(0)));
    }
}
