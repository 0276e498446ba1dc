namespace Sophia.Log;

/// <summary>Judges the entries of one append in their own order, and counts what became of them: the same in every engine.</summary>
/// <param name="entries">How many the append has.</param>
/// <param name="number">The number of a partition's name.</param>
internal sealed class LogTally(int entries, Func<string?, long> number)
{
    private readonly EntryDisposition[] dispositions = new EntryDisposition[entries];
    private int stored;
    private int duplicates;
    private int deleted;
    private int conflicts;
    private int blocked;

    /// <summary>The entry says what was erased, under the key of a record that says something else: a tombstone is written in its place, for its source says so no more.</summary>
    public NewEntry Withdrawn(int index, in NewEntry entry)
    {
        dispositions[index] = EntryDisposition.Withdrawn;
        blocked++;
        deleted++;
        return entry with { Operation = RecordOperation.Delete, Payload = default, Hash = EntryHash.Of(RecordOperation.Delete, []), Source = null };
    }

    /// <summary>Whether a row is to be written. The head of an unchanged record moves to the partition that it is seen in.</summary>
    public bool IsToStore(int index, in NewEntry entry, ref Head head, bool isErased)
    {
        if (isErased)
        {
            dispositions[index] = EntryDisposition.Blocked;
            blocked++;
            return false;
        }
        switch (dispositions[index] = LogJudgement.Of(entry, head))
        {
            case EntryDisposition.Conflict:
                conflicts++;
                return false;
            case EntryDisposition.Duplicate:
                duplicates++;
                LogJudgement.MoveTo(ref head, number(entry.Partition));
                return false;
            default:
                _ = entry.Operation == RecordOperation.Delete ? deleted++ : stored++;
                return true;
        }
    }

    /// <param name="first">The position that the append's first row had, if it wrote any.</param>
    /// <param name="last">The newest position after it.</param>
    public AppendOutcome.Committed Committed(Fence fence, long first, long last) =>
        new(fence, last >= first ? first : 0, last >= first ? last : 0, stored, duplicates, deleted, conflicts, dispositions) { Blocked = blocked };
}
