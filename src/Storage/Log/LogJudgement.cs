namespace Sophia.Log;

/// <summary>What an append makes of an entry, given its key's head: the same in every engine.</summary>
internal static class LogJudgement
{
    public static EntryDisposition Of(in NewEntry entry, in Head head)
    {
        if (entry.OnlyIfVersion is { } wanted && wanted != head.Version)
            return EntryDisposition.Conflict;
        return entry.OnlyIfChanged && head.Version > 0 && head.Hash == entry.Hash ? EntryDisposition.Duplicate : EntryDisposition.Stored;
    }

    /// <summary>Whether an entry is left out where something that was erased said the same (docs/adr/0034): not where its record stands and says it already.</summary>
    public static bool MaySayAgain(in NewEntry entry, in Head head) =>
        head is { Version: > 0, Operation: RecordOperation.Upsert } && head.Hash == entry.Hash;

    /// <summary>An unchanged record that is now seen elsewhere belongs there, else a renamed file's records would vanish with the old name.</summary>
    public static void MoveTo(ref Head head, long partition)
    {
        if (partition == 0 || partition == head.Partition)
            return;
        head.Partition = partition;
        head.Changed = true;
    }
}
