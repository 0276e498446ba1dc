using Sophia.Postgres;

namespace Sophia.Log;

/// <summary>Walks and shortens the versions of records in PostgreSQL, in two round trips.</summary>
internal static class PostgresChain
{
    /// <summary>Heads of a stream ($2) from a key on ($3, left out unless it is empty), at most $4.</summary>
    public const string Page = """
        SELECT h.key, h.position, h.version, h.operation FROM sophia.heads h WHERE h.tenant=$1 AND h.stream_id=(SELECT id FROM sophia.streams WHERE tenant=$1 AND name=$2)
            AND h.key >= $3 AND ($3 = ''::bytea OR h.key > $3) ORDER BY h.key LIMIT $4
        """;

    /// <summary>The versions of the records of a <see cref="Page"/>, newest first, of those that have more than one or are deleted.</summary>
    public const string Chains = $"""
        WITH RECURSIVE page AS ({Page}), chain(key, place, position, previous, at) AS (
            SELECT p.key, 0, l.position, l.previous, l.at FROM page p CROSS JOIN LATERAL (SELECT * FROM sophia.log WHERE tenant=$1 AND position=p.position OFFSET 0) AS l WHERE p.version > 1 OR p.operation = 2
            UNION ALL
            SELECT c.key, c.place + 1, b.position, b.previous, b.at FROM chain c CROSS JOIN LATERAL (SELECT * FROM sophia.log WHERE tenant=$1 AND position=c.previous OFFSET 0) AS b)
        SELECT p.key, p.operation, c.position, c.at FROM page p LEFT JOIN chain c ON c.key = p.key ORDER BY p.key, c.place
        """;

    public const string RemoveVersions = "DELETE FROM sophia.log WHERE tenant=$1 AND position = ANY($2)";

    public const string EndChains = "UPDATE sophia.log SET previous=0 WHERE tenant=$1 AND position = ANY($2)";

    public const string RemoveHeads = "DELETE FROM sophia.heads WHERE tenant=$1 AND stream_id=(SELECT id FROM sophia.streams WHERE tenant=$1 AND name=$2) AND key = ANY($3)";

    public static async Task<CompactedPage> Compact(TenantTransaction transaction, CompactionOrder order)
    {
        var heads = await transaction.Ask(ask => ask.Add(Chains).Text(order.Stream).Bytes(PostgresKey.Of(order.AfterKey ?? "")).Int(order.Keys), Read);
        var (gone, oldest, keys) = (new List<long>(), new List<long>(), new List<ReadOnlyMemory<byte>>());
        DateTimeOffset? horizon = null;
        var (next, looked) = (order.AfterKey, 0);
        foreach (var (key, operation, chain) in heads)
        {
            if (gone.Count >= order.Rows)
                break;
            if (chain.Count > 0 && ChainRules.Cut(chain, operation, order, transaction.Counters.Position, order.Rows) is { } cut)
            {
                gone.AddRange(chain.Skip(cut.Kept).Select(link => link.Position));
                if (cut.Kept > 0)
                    oldest.Add(chain[cut.Kept - 1].Position);
                else
                    keys.Add(key);
                horizon = horizon > cut.Horizon ? horizon : cut.Horizon;
                if (cut.Removed == order.Rows && cut.Kept > 0)
                    break; // There may be more of this one.
            }
            (next, looked) = (PostgresKey.Text(key), looked + 1);
        }
        if (horizon is { } at)
            await transaction.Tell(tell => Write(tell, order.Stream, gone, oldest, keys, at));
        return new CompactedPage(next, looked < heads.Count || heads.Count == order.Keys, gone.Count, keys.Count);
    }

    private static void Write(TenantStatements tell, string stream, List<long> gone, List<long> oldest, List<ReadOnlyMemory<byte>> keys, DateTimeOffset horizon)
    {
        tell.Add(RemoveVersions).Ints([.. gone]);
        tell.Add(EndChains).Ints([.. oldest]);
        tell.Add(RemoveHeads).Text(stream).Blobs([.. keys]);
        tell.Add("UPDATE sophia.streams SET horizon=greatest(horizon, $3), deleted=deleted-$4 WHERE tenant=$1 AND name=$2").Text(stream).Time(horizon).Int(keys.Count);
    }

    private static async Task<List<(byte[] Key, RecordOperation Operation, List<ChainLink> Chain)>> Read(Npgsql.NpgsqlDataReader reader)
    {
        var heads = new List<(byte[] Key, RecordOperation Operation, List<ChainLink> Chain)>();
        while (await reader.ReadAsync())
        {
            var key = reader.Bytes(0);
            if (heads.Count == 0 || !heads[^1].Key.AsSpan().SequenceEqual(key))
                heads.Add((key, (RecordOperation)reader.GetInt16(1), []));
            if (!reader.IsDBNull(2))
                heads[^1].Chain.Add(new ChainLink(reader.GetInt64(2), reader.Time(3)));
        }
        return heads;
    }
}
