using Sophia.Sqlite;

namespace Sophia.Queues;

/// <summary>What the one writer of a log.db remembers of its queues, so that taking an item in need not ask: how deep they are, and numbers reserved for what comes next. Forgotten when a transaction is rolled back.</summary>
internal sealed class QueueMemory(DatabaseConnection connection)
{
    /// <summary>Numbers that are written as given at a time; a restart leaves the rest out.</summary>
    private const int Reserved = 256;

    private readonly Dictionary<string, long> depths = new(StringComparer.Ordinal);
    private long? ofPrograms;
    private readonly Dictionary<string, (long Next, long Last)> numbers = new(StringComparer.Ordinal);

    public static QueueMemory Of(DatabaseConnection connection) => connection.Companion(static connection => new QueueMemory(connection));

    /// <summary>Items of a queue that are not done.</summary>
    public long Depth(string queue)
    {
        if (depths.TryGetValue(queue, out var depth))
            return depth;
        QueueIntake.Know(connection, queue);
        using var find = connection.Prepare("SELECT pending + leased + dead + quarantined FROM queues WHERE queue=?1").Text(1, queue);
        find.Step();
        return depths[queue] = find.Int(0);
    }

    /// <summary>Items of all queues of programs that are not done.</summary>
    public long OfPrograms()
    {
        if (ofPrograms is { } known)
            return known;
        using var find = connection.Prepare("SELECT coalesce(sum(pending + leased + dead + quarantined), 0) FROM queues WHERE queue NOT IN (?1, ?2)").Text(1, WorkLimits.OwnQueue).Text(2, WorkLimits.RunsQueue);
        find.Step();
        ofPrograms = find.Int(0);
        return find.Int(0);
    }

    public void Changed(string queue, QueueCounts by)
    {
        if (depths.TryGetValue(queue, out var depth))
            depths[queue] = depth + by.NotDone;
        if (!WorkLimits.IsOwn(queue))
            ofPrograms += by.NotDone;
    }

    /// <summary>The next number of a kind; none is given twice.</summary>
    public long Next(string name)
    {
        if (!numbers.TryGetValue(name, out var at) || at.Next > at.Last)
            at = Reserve(name);
        numbers[name] = (at.Next + 1, at.Last);
        return at.Next;
    }

    private (long Next, long Last) Reserve(string name)
    {
        using var find = connection.Prepare("SELECT last FROM queue_numbers WHERE name=?1").Text(1, name);
        var last = find.Step() ? find.Int(0) : 0;
        connection.Prepare("INSERT INTO queue_numbers(name, last) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET last=?2").Text(1, name).Int(2, last + Reserved).Run();
        return (last + 1, last + Reserved);
    }
}
