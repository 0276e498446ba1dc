using Npgsql;
using Sophia.Servers;

namespace Sophia.Bench;

/// <summary>What people write by hand: a table with a unique key, a claim by ON CONFLICT, the answer by UPDATE, each committed by itself.</summary>
internal static class OnConflict
{
    public static async Task<Measured> Run(PostgresServer server, int callers, TimeSpan time)
    {
        await using var source = new NpgsqlDataSourceBuilder($"{server.Connection("postgres")};Maximum Pool Size={callers};Max Auto Prepare=20;Auto Prepare Min Usages=2").Build();
        await Ask(source, "DROP TABLE IF EXISTS bench_once");
        await Ask(source, "CREATE TABLE bench_once(key text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), answer bytea)");
        var answer = new byte[256];
        await Loop.Run(callers, TimeSpan.FromSeconds(1), (caller, i) => Once(source, $"warm-{caller}-{i}", answer, false));
        var measured = await Loop.Run(callers, time, (caller, i) => Once(source, $"{caller}-{(i % 5 == 4 ? i - 1 : i)}", answer, i % 5 == 4));
        await Ask(source, "DROP TABLE bench_once");
        return measured;
    }

    private static async Task Once(NpgsqlDataSource source, string key, byte[] answer, bool isRepeated)
    {
        if (await Ask(source, "INSERT INTO bench_once(key) VALUES($1) ON CONFLICT(key) DO NOTHING RETURNING 1", key) is not null)
            await Ask(source, "UPDATE bench_once SET answer=$2 WHERE key=$1", key, answer);
        else if (!isRepeated || await Ask(source, "SELECT answer FROM bench_once WHERE key=$1", key) is not byte[] { Length: 256 })
            throw new InvalidOperationException($"{key} has no answer.");
    }

    private static async Task<object?> Ask(NpgsqlDataSource source, string sql, params object[] values)
    {
        await using var command = source.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return await command.ExecuteScalarAsync();
    }
}
