using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Pipelines;

internal enum LogFault
{
    /// <summary>The disk is full: the append did not take place.</summary>
    Full,

    /// <summary>The outcome is unknown, and the append did not take place.</summary>
    UnknownNotDone,

    /// <summary>The outcome is unknown, and the append took place.</summary>
    UnknownDone,

    /// <summary>Somebody else takes the owner's name first.</summary>
    Fenced,
}

/// <summary>A real log in front of which one append goes wrong.</summary>
internal sealed class FaultyLog(ILogStore inner) : ILogStore
{
    private int appends;

    /// <summary>Which append (from 1) goes wrong, counting those of <see cref="Owners"/> only.</summary>
    public int FaultAt { get; set; }

    /// <summary>How many go wrong from there on.</summary>
    public int FaultTimes { get; set; } = 1;

    /// <summary>Part of the names of those whose appends are counted.</summary>
    public string Owners { get; set; } = "/lane-";

    public LogFault Fault { get; set; }

    /// <summary>What the answer of an append that took place waits for before it is lost.</summary>
    public Task Answers { get; set; } = Task.CompletedTask;

    /// <summary>Done after the newest version of a key was looked up, before that is answered.</summary>
    public Func<string, Task> Looked { get; set; } = _ => Task.CompletedTask;

    /// <summary>Done before each append.</summary>
    public Func<AppendBatch, Task> Comes { get; set; } = _ => Task.CompletedTask;

    public int LaneAppends => appends;

    public bool Happened { get; private set; }

    public async Task<AppendOutcome> Append(TenantId tenant, AppendBatch batch, CancellationToken cancellation)
    {
        await Comes(batch);
        if (!batch.Fence.Owner.Contains(Owners, StringComparison.Ordinal) || Interlocked.Increment(ref appends) is var nth && (nth < FaultAt || nth >= FaultAt + FaultTimes))
            return await inner.Append(tenant, batch, cancellation);
        Happened = true;
        switch (Fault)
        {
            case LogFault.Full:
                throw new StorageException(StorageFault.Full, "No space left at 10.0.0.1/sophia.");
            case LogFault.UnknownNotDone:
                throw new StorageException(StorageFault.Unknown, "The answer was lost.");
            case LogFault.UnknownDone:
                await inner.Append(tenant, batch, cancellation);
                await Answers;
                throw new StorageException(StorageFault.Unknown, "The answer was lost.");
            default:
                await inner.Acquire(tenant, batch.Fence.Owner, cancellation);
                return await inner.Append(tenant, batch, cancellation);
        }
    }

    public Task<Fence> Acquire(TenantId tenant, string owner, CancellationToken cancellation) => inner.Acquire(tenant, owner, cancellation);

    public Task<IReadOnlyList<LogEntry>> Read(TenantId tenant, long after, int limit, int maxBytes, CancellationToken cancellation) => inner.Read(tenant, after, limit, maxBytes, cancellation);

    public Task<long> Head(TenantId tenant, CancellationToken cancellation) => inner.Head(tenant, cancellation);

    public async Task<LogEntry?> Newest(TenantId tenant, string stream, string key, CancellationToken cancellation)
    {
        var newest = await inner.Newest(tenant, stream, key, cancellation);
        await Looked(key);
        return newest;
    }

    public Task<IReadOnlyList<LogEntry>> History(TenantId tenant, string stream, string key, long? below, int limit, CancellationToken cancellation) =>
        inner.History(tenant, stream, key, below, limit, cancellation);

    public Task<IReadOnlyList<LogEntry>> Current(TenantId tenant, string stream, string? afterKey, int limit, CancellationToken cancellation) =>
        inner.Current(tenant, stream, afterKey, limit, cancellation);

    public Task<IReadOnlyList<HeadEntry>> Heads(TenantId tenant, string stream, string? afterKey, string? partition, int limit, CancellationToken cancellation) =>
        inner.Heads(tenant, stream, afterKey, partition, limit, cancellation);

    public Task<AsOfPage> AsOf(TenantId tenant, string stream, DateTimeOffset moment, string? afterKey, int limit, CancellationToken cancellation) => inner.AsOf(tenant, stream, moment, afterKey, limit, cancellation);

    public Task<CompactedPage> Compact(TenantId tenant, CompactionOrder order, CancellationToken cancellation) => inner.Compact(tenant, order, cancellation);

    public Task<IReadOnlyList<StreamCount>> Streams(TenantId tenant, CancellationToken cancellation) => inner.Streams(tenant, cancellation);

    public Task<Checkpoint?> Checkpoint(TenantId tenant, string pipeline, string partition, CancellationToken cancellation) => inner.Checkpoint(tenant, pipeline, partition, cancellation);

    public Task<IReadOnlyList<Checkpoint>> Checkpoints(TenantId tenant, string pipeline, string? afterPartition, int limit, CancellationToken cancellation) =>
        inner.Checkpoints(tenant, pipeline, afterPartition, limit, cancellation);
}
