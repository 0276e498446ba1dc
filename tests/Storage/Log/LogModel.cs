using Sophia.Quality;

namespace Sophia.Log;

/// <summary>What a log store should hold, in the plainest words: the whole truth in a few collections.</summary>
internal sealed class LogModel
{
    private readonly Dictionary<string, Fence> owners = [];
    private readonly Dictionary<string, long> once = [];

    public List<LogEntry> Rows { get; } = [];

    public Dictionary<(string Stream, string Key), (LogEntry Entry, string? Partition)> Heads { get; } = [];

    public List<(string? Key, QuarantineState State, long HeadVersion)> Quarantine { get; } = [];

    public Fence Acquire(string owner)
    {
        var before = owners.GetValueOrDefault(owner) ?? new Fence(owner, 0, 0);
        return owners[owner] = before with { Epoch = before.Epoch + 1 };
    }

    public Fence Current(string owner) => owners.GetValueOrDefault(owner) ?? new Fence(owner, 0, 0);

    public AppendOutcome Append(AppendBatch batch)
    {
        var current = Current(batch.Fence.Owner);
        if (current.Epoch != batch.Fence.Epoch)
            return new AppendOutcome.Fenced(current.Epoch);
        if (batch.OnceKey is { } key && once.TryGetValue(key, out var position))
            return new AppendOutcome.AlreadyDone(key, position);
        if (current.Position != batch.Fence.Position)
            return new AppendOutcome.Misplaced(current);
        foreach (var decision in batch.Decisions)
            if (decision.Id < 1 || decision.Id > Quarantine.Count || Quarantine[(int)decision.Id - 1].State != QuarantineState.Held)
                return new AppendOutcome.NotHeld(decision.Id, decision.Id < 1 || decision.Id > Quarantine.Count ? null : Quarantine[(int)decision.Id - 1].State);
        foreach (var item in batch.Quarantined)
            Quarantine.Add((item.Key, QuarantineState.Held, item.Key is null ? 0 : Version(item.Stream, item.Key)));
        foreach (var decision in batch.Decisions)
            Quarantine[(int)decision.Id - 1] = Quarantine[(int)decision.Id - 1] with { State = decision.State };
        return Write(batch, current);
    }

    private AppendOutcome.Committed Write(AppendBatch batch, Fence current)
    {
        var first = Rows.Count + 1;
        var dispositions = batch.Entries.Select(entry => Write(batch, entry)).ToList();
        var (from, to) = Rows.Count >= first ? (first, Rows.Count) : (0, 0);
        if (batch.OnceKey is { } key)
            once[key] = to;
        owners[current.Owner] = current with { Position = current.Position + 1 };
        int Count(EntryDisposition what, RecordOperation operation) => batch.Entries.Where((entry, i) => dispositions[i] == what && entry.Operation == operation).Count();
        return new AppendOutcome.Committed(owners[current.Owner], from, to, Count(EntryDisposition.Stored, RecordOperation.Upsert), dispositions.Count(d => d == EntryDisposition.Duplicate),
            Count(EntryDisposition.Stored, RecordOperation.Delete), dispositions.Count(d => d == EntryDisposition.Conflict), dispositions);
    }

    private EntryDisposition Write(AppendBatch batch, NewEntry entry)
    {
        var known = Heads.TryGetValue((entry.Stream, entry.Key), out var head);
        var version = known ? head.Entry.Version : 0;
        if (entry.OnlyIfVersion is { } wanted && wanted != version)
            return EntryDisposition.Conflict;
        if (entry.OnlyIfChanged && known && head.Entry.Hash == entry.Hash)
        {
            Heads[(entry.Stream, entry.Key)] = (head.Entry, entry.Partition ?? head.Partition);
            return EntryDisposition.Duplicate;
        }
        var row = new LogEntry(Rows.Count + 1, entry.Type, entry.Stream, entry.Key, version + 1, entry.Operation, entry.Payload, entry.Hash, batch.At, batch.Run, known ? head.Entry.Position : 0);
        Rows.Add(row);
        Heads[(entry.Stream, entry.Key)] = (row, entry.Partition);
        return EntryDisposition.Stored;
    }

    private long Version(string stream, string key) => Heads.TryGetValue((stream, key), out var head) ? head.Entry.Version : 0;
}
