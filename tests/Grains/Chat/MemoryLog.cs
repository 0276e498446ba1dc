using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Chat;

/// <summary>A log in memory for one tenant, with the store's promises: fences, once-keys, versions without gaps. It can be told to refuse.</summary>
internal sealed class MemoryLog : ILogStore
{
    private readonly Lock gate = new();
    private readonly List<LogEntry> rows = [];
    private readonly Dictionary<string, Fence> fences = [];
    private readonly Dictionary<string, long> once = [];

    public Func<AppendBatch, Exception?> Refuse { get; set; } = _ => null;

    /// <summary>What each append waits for.</summary>
    public Task Answers { get; set; } = Task.CompletedTask;

    public IReadOnlyList<LogEntry> Rows
    {
        get
        {
            lock (gate)
                return [.. rows];
        }
    }

    public Task<Fence> Acquire(TenantId tenant, string owner, CancellationToken cancellation)
    {
        lock (gate)
            return Task.FromResult(fences[owner] = fences.TryGetValue(owner, out var before) ? before with { Epoch = before.Epoch + 1 } : new Fence(owner, 1, 0));
    }

    public async Task<AppendOutcome> Append(TenantId tenant, AppendBatch batch, CancellationToken cancellation)
    {
        if (Refuse(batch) is { } failure)
            throw failure;
        await Answers;
        lock (gate)
        {
            var current = fences[batch.Fence.Owner];
            if (current.Epoch != batch.Fence.Epoch)
                return new AppendOutcome.Fenced(current.Epoch);
            if (current.Position != batch.Fence.Position)
                return new AppendOutcome.Misplaced(current);
            if (batch.OnceKey is { } key && once.TryGetValue(key, out var done))
                return new AppendOutcome.AlreadyDone(key, done);
            var first = rows.Count + 1;
            foreach (var entry in batch.Entries)
            {
                var head = rows.LastOrDefault(r => r.Stream == entry.Stream && r.Key == entry.Key);
                Assert.Equal(entry.OnlyIfVersion ?? head?.Version ?? 0, head?.Version ?? 0);
                rows.Add(new LogEntry(rows.Count + 1, entry.Type, entry.Stream, entry.Key, (head?.Version ?? 0) + 1, entry.Operation, entry.Payload, entry.Hash, batch.At, batch.Run, head?.Position ?? 0));
            }
            if (batch.OnceKey is { } used)
                once[used] = rows.Count;
            var next = fences[batch.Fence.Owner] = current with { Position = current.Position + 1 };
            return new AppendOutcome.Committed(next, first, rows.Count, batch.Entries.Count, 0, 0, 0, [.. batch.Entries.Select(_ => EntryDisposition.Stored)]);
        }
    }

    /// <summary>Stores a record as a pipeline would.</summary>
    public LogEntry Put(string stream, string key, string json)
    {
        lock (gate)
        {
            var head = rows.LastOrDefault(r => r.Stream == stream && r.Key == key);
            var row = new LogEntry(rows.Count + 1, EntryType.Record, stream, key, (head?.Version ?? 0) + 1, RecordOperation.Upsert, System.Text.Encoding.UTF8.GetBytes(json), default, DateTimeOffset.UnixEpoch, "", head?.Position ?? 0);
            rows.Add(row);
            return row;
        }
    }

    public Task<IReadOnlyList<LogEntry>> Read(TenantId tenant, long after, int limit, int maxBytes, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<LogEntry>>([.. Rows.Where(r => r.Position > after).Take(limit)]);

    public Task<long> Head(TenantId tenant, CancellationToken cancellation) => Task.FromResult((long)Rows.Count);

    public Task<LogEntry?> Newest(TenantId tenant, string stream, string key, CancellationToken cancellation) =>
        Task.FromResult(Rows.LastOrDefault(r => r.Stream == stream && r.Key == key));

    public Task<IReadOnlyList<LogEntry>> History(TenantId tenant, string stream, string key, long? below, int limit, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<LogEntry>>([.. Rows.Reverse().Where(r => r.Stream == stream && r.Key == key && r.Version < (below ?? long.MaxValue)).Take(limit)]);

    public Task<IReadOnlyList<LogEntry>> Current(TenantId tenant, string stream, string? afterKey, int limit, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<LogEntry>>([]);

    public Task<IReadOnlyList<HeadEntry>> Heads(TenantId tenant, string stream, string? afterKey, string? partition, int limit, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<HeadEntry>>([]);

    public Task<AsOfPage> AsOf(TenantId tenant, string stream, DateTimeOffset moment, string? afterKey, int limit, CancellationToken cancellation) => Task.FromResult(new AsOfPage([], null, null));

    public Task<CompactedPage> Compact(TenantId tenant, CompactionOrder order, CancellationToken cancellation) => Task.FromResult(new CompactedPage(null, false, 0, 0));

    public Task<IReadOnlyList<StreamCount>> Streams(TenantId tenant, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<StreamCount>>([]);

    public Task<Checkpoint?> Checkpoint(TenantId tenant, string pipeline, string partition, CancellationToken cancellation) => Task.FromResult<Checkpoint?>(null);

    public Task<IReadOnlyList<Checkpoint>> Checkpoints(TenantId tenant, string pipeline, string? afterPartition, int limit, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<Checkpoint>>([]);
}
