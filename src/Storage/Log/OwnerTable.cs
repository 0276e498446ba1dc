using Sophia.Sqlite;

namespace Sophia.Log;

/// <summary>Who may append, under which epoch, and how far each owner has come.</summary>
internal static class OwnerTable
{
    public static Fence Acquire(DatabaseConnection connection, string owner)
    {
        connection.Prepare("INSERT INTO owners(owner, epoch, position) VALUES(?1, 1, 0) ON CONFLICT(owner) DO UPDATE SET epoch = epoch + 1").Text(1, owner).Run();
        return Find(connection, owner)!;
    }

    /// <summary>Why this fence may not append now, or null where it may.</summary>
    public static AppendOutcome? Refusal(DatabaseConnection connection, AppendBatch batch)
    {
        var current = Find(connection, batch.Fence.Owner) ?? new Fence(batch.Fence.Owner, 0, 0);
        if (current.Epoch != batch.Fence.Epoch)
            return new AppendOutcome.Fenced(current.Epoch);
        if (Done(connection, batch.OnceKey) is { } done)
            return done;
        return current.Position == batch.Fence.Position ? null : new AppendOutcome.Misplaced(current);
    }

    public static Fence Advance(DatabaseConnection connection, Fence fence)
    {
        connection.Prepare("UPDATE owners SET position=?2 WHERE owner=?1").Text(1, fence.Owner).Int(2, fence.Position + 1).Run();
        return fence with { Position = fence.Position + 1 };
    }

    public static void KeepOnce(DatabaseConnection connection, string onceKey, long position, DateTimeOffset at) =>
        connection.Prepare("INSERT INTO once(key, position, at) VALUES(?1, ?2, ?3)").Text(1, onceKey).Int(2, position).Int(3, LogTime.Micros(at)).Run();

    private static AppendOutcome? Done(DatabaseConnection connection, string? onceKey)
    {
        if (onceKey is null)
            return null;
        using var find = connection.Prepare("SELECT position FROM once WHERE key=?1").Text(1, onceKey);
        return find.Step() ? new AppendOutcome.AlreadyDone(onceKey, find.Int(0)) : null;
    }

    private static Fence? Find(DatabaseConnection connection, string owner)
    {
        using var find = connection.Prepare("SELECT epoch, position FROM owners WHERE owner=?1").Text(1, owner);
        return find.Step() ? new Fence(owner, find.Int(0), find.Int(1)) : null;
    }
}
