using Npgsql;
using Sophia.Log;
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
