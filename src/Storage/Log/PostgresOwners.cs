using Npgsql;
using Sophia.Postgres;

namespace Sophia.Log;

/// <summary>Who may append, under which epoch, and how far each owner has come.</summary>
internal static class PostgresOwners
{
    public static Task<Fence> Acquire(TenantTransaction transaction, string owner) => transaction.Ask(
        ask => ask.Add("INSERT INTO sophia.owners AS o (tenant, owner, epoch, position) VALUES($1, $2, 1, 0) ON CONFLICT(tenant, owner) DO UPDATE SET epoch = o.epoch + 1 RETURNING epoch, position").Text(owner),
        async reader =>
        {
            await reader.ReadAsync();
            return new Fence(owner, reader.GetInt64(0), reader.GetInt64(1));
        });

    public static void AskRefusal(TenantStatements ask, AppendBatch batch)
    {
        ask.Add("SELECT epoch, position FROM sophia.owners WHERE tenant=$1 AND owner=$2").Text(batch.Fence.Owner);
        ask.Add("SELECT position FROM sophia.once WHERE tenant=$1 AND key=$2").Text(batch.OnceKey);
    }

    /// <summary>Why this fence may not append now, or null where it may. Reads the two results that were asked for.</summary>
    public static async Task<AppendOutcome?> Refusal(NpgsqlDataReader reader, AppendBatch batch)
    {
        var owner = batch.Fence.Owner;
        var current = await reader.ReadAsync() ? new Fence(owner, reader.GetInt64(0), reader.GetInt64(1)) : new Fence(owner, 0, 0);
        await reader.NextResultAsync();
        AppendOutcome? done = await reader.ReadAsync() ? new AppendOutcome.AlreadyDone(batch.OnceKey!, reader.GetInt64(0)) : null;
        await reader.NextResultAsync();
        if (current.Epoch != batch.Fence.Epoch)
            return new AppendOutcome.Fenced(current.Epoch);
        return done ?? (current.Position == batch.Fence.Position ? null : new AppendOutcome.Misplaced(current));
    }

    public static Fence Advance(TenantStatements tell, AppendBatch batch, long lastPosition)
    {
        tell.Add("UPDATE sophia.owners SET position=$3 WHERE tenant=$1 AND owner=$2").Text(batch.Fence.Owner).Int(batch.Fence.Position + 1);
        if (batch.OnceKey is { } key)
            tell.Add("INSERT INTO sophia.once(tenant, key, position, at) VALUES($1, $2, $3, $4)").Text(key).Int(lastPosition).Time(batch.At);
        return batch.Fence with { Position = batch.Fence.Position + 1 };
    }
}
