using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;
using Sophia.Servers;

namespace Sophia.Bench;

/// <summary>A queue in one table of PostgreSQL as most people write it: INSERT, lease by FOR UPDATE SKIP LOCKED, DELETE when done; two commits a job. No tenants, retries, keys or counts.</summary>
internal sealed class SkipLocked : IAsyncDisposable
{
    private const string Lease = "UPDATE job SET state = 1, leased = now() WHERE id IN (SELECT id FROM job WHERE state = 0 ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING id, payload";

    private readonly ScratchDatabase scratch;
    private readonly NpgsqlDataSource source;
    private readonly byte[] payload = new byte[1_000];

    public SkipLocked(PostgresServer server)
    {
        scratch = new ScratchDatabase(empty: true, server);
        ScratchDatabase.Execute(scratch.Superuser, """
            CREATE TABLE job(id bigserial PRIMARY KEY, state smallint NOT NULL DEFAULT 0, leased timestamptz, payload bytea NOT NULL) WITH (autovacuum_vacuum_scale_factor=0.01);
            CREATE INDEX ON job(id) WHERE state = 0;
            """);
        source = new NpgsqlDataSourceBuilder(scratch.Superuser + ";Maximum Pool Size=70;Max Auto Prepare=20;Auto Prepare Min Usages=2").Build();
        Random.Shared.NextBytes(payload);
    }

    public async Task<double> PutIn(int jobs, int producers)
    {
        var clock = Stopwatch.StartNew();
        await Put(jobs, producers);
        return jobs / clock.Elapsed.TotalSeconds;
    }

    public async Task<double> Drain(int jobs, int callers, int batch)
    {
        var clock = Stopwatch.StartNew();
        await Take(jobs, callers, batch);
        return jobs / clock.Elapsed.TotalSeconds;
    }

    public async Task<double> Both(int jobs, int callers)
    {
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Take(jobs, callers / 2, 1), Put(jobs, callers / 2));
        return jobs / clock.Elapsed.TotalSeconds;
    }

    public async ValueTask DisposeAsync()
    {
        await source.DisposeAsync();
        scratch.Dispose();
    }

    private Task Put(int jobs, int producers)
    {
        var left = jobs;
        return Task.WhenAll(Enumerable.Range(0, producers).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await using var insert = source.CreateCommand("INSERT INTO job(payload) VALUES($1)");
                insert.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = payload });
                await insert.ExecuteNonQueryAsync();
            }
        })));
    }

    private Task Take(int jobs, int callers, int batch)
    {
        var left = jobs;
        return Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            while (Volatile.Read(ref left) > 0)
            {
                var ids = new List<long>(batch);
                await using (var lease = source.CreateCommand(Lease))
                {
                    lease.Parameters.Add(new NpgsqlParameter<int> { TypedValue = batch });
                    await using var rows = await lease.ExecuteReaderAsync();
                    while (await rows.ReadAsync())
                        ids.Add(rows.GetInt64(0));
                }
                if (ids.Count == 0)
                {
                    await Task.Delay(2);
                    continue;
                }
                await using var done = source.CreateCommand("DELETE FROM job WHERE id = ANY($1)");
                done.Parameters.Add(new NpgsqlParameter { Value = ids.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
                await done.ExecuteNonQueryAsync();
                Interlocked.Add(ref left, -ids.Count);
            }
        })));
    }
}
