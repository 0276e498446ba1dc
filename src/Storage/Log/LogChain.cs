using Sophia.Sqlite;

namespace Sophia.Log;

/// <summary>Walks and shortens the versions of records within an open transaction.</summary>
internal sealed class LogChain(DatabaseConnection connection, StreamTable streams)
{
    public static (DateTimeOffset At, long Previous) Link(DatabaseConnection connection, long position)
    {
        using var row = connection.Prepare("SELECT at, previous FROM log WHERE position=?1").Int(1, position);
        return row.Step() ? (LogTime.FromMicros(row.Int(0)), row.Int(1)) : throw new StorageException(StorageFault.Corrupt, $"The log has no row {position}, which another row or a head names.");
    }

    public CompactedPage Compact(CompactionOrder order, long last)
    {
        if (streams.Known(order.Stream) is not { } stream)
            return new CompactedPage(null, false, 0, 0);
        var heads = Heads(stream.Id, order);
        long rows = 0, keys = 0;
        DateTimeOffset? horizon = null;
        var (next, looked) = (order.AfterKey, 0);
        foreach (var head in heads)
        {
            if (rows >= order.Rows)
                break;
            if (head.Version > 1 || head.Operation == RecordOperation.Delete)
            {
                var chain = Chain(head.Position);
                if (ChainRules.Cut(chain, head.Operation, order, last, order.Rows) is { } cut)
                {
                    Remove(stream, head.Key, chain, cut);
                    rows += cut.Removed;
                    keys += cut.Kept == 0 ? 1 : 0;
                    horizon = horizon > cut.Horizon ? horizon : cut.Horizon;
                    if (cut.Removed == order.Rows && cut.Kept > 0)
                        break; // There may be more of this one.
                }
            }
            (next, looked) = (head.Key, looked + 1);
        }
        if (horizon is { } at)
            connection.Prepare("UPDATE streams SET horizon=max(coalesce(horizon, ?2), ?2) WHERE id=?1").Int(1, stream.Id).Int(2, LogTime.Micros(at)).Run();
        streams.Write();
        return new CompactedPage(next, looked < heads.Count || heads.Count == order.Keys, rows, keys);
    }

    private void Remove(StreamRow stream, string key, List<ChainLink> chain, ChainCut cut)
    {
        foreach (var gone in chain.Skip(cut.Kept))
            connection.Prepare("DELETE FROM log WHERE position=?1").Int(1, gone.Position).Run();
        if (cut.Kept > 0)
        {
            connection.Prepare("UPDATE log SET previous=0 WHERE position=?1").Int(1, chain[cut.Kept - 1].Position).Run();
            return;
        }
        connection.Prepare("DELETE FROM heads WHERE stream_id=?1 AND key=?2").Int(1, stream.Id).Text(2, key).Run();
        streams.Forget(stream);
    }

    private List<(string Key, long Position, long Version, RecordOperation Operation)> Heads(long stream, CompactionOrder order)
    {
        using var rows = connection.Prepare("SELECT key, position, version, operation FROM heads WHERE stream_id=?1 AND key >= ?2 AND (?4 OR key > ?2) ORDER BY key LIMIT ?3")
            .Int(1, stream).Text(2, order.AfterKey ?? "").Int(3, order.Keys).Int(4, order.AfterKey is null ? 1 : 0);
        var found = new List<(string, long, long, RecordOperation)>();
        while (rows.Step())
            found.Add((rows.Text(0), rows.Int(1), rows.Int(2), (RecordOperation)rows.Int(3)));
        return found;
    }

    private List<ChainLink> Chain(long position)
    {
        var chain = new List<ChainLink>();
        while (position > 0)
        {
            var (at, previous) = Link(connection, position);
            chain.Add(new ChainLink(position, at));
            position = previous;
        }
        return chain;
    }
}
