using Npgsql;
using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Postgres;

/// <summary>The one writer of one tenant in this process, with group commit.</summary>
/// <remarks>
/// Everything that waits when the lane is free goes into one transaction and is answered after its COMMIT. Work that fails rolls the whole group back; each
/// member then runs again alone, so only the guilty one fails. A connection that broke before COMMIT was sent has
/// committed nothing, whatever the work is: the group is done again, as far as the budget of <see cref="PolicyNames.Postgres"/> goes. One that broke after that leaves the outcome unknown: nothing is repeated then, and every member is told.
/// Work may therefore run more than once, and must have no effect but on the transaction.
/// </remarks>
internal sealed class TenantLane(TenantId tenant, PostgresDatabase database, PostgresOptions options)
{
    private const int MaxRepeats = 3;

    /// <summary>Before work whose connection was lost is done again: 100 ms, doubling.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private const string Store = "postgres";
    private readonly Lock gate = new();
    private readonly Queue<LaneItem> waiting = new();
    private readonly SemaphoreSlim room = new(options.MaxQueuedWrites);
    private readonly TenantMemory memory = new();
    private bool running;
    private int users;
    private bool isCommitting;

    /// <summary>Whether nobody uses it, so that it may be forgotten.</summary>
    public bool IsIdle => Volatile.Read(ref users) == 0;

    public void Enter() => Interlocked.Increment(ref users);

    public void Leave() => Interlocked.Decrement(ref users);

    /// <summary>Completes when the work's transaction is committed, on the disk if <paramref name="waitsForDisk"/>.</summary>
    public async Task<T> Write<T>(Func<TenantTransaction, Task<T>> work, bool waitsForDisk, int bytes, CancellationToken cancellation, bool isOneOfMany = false)
    {
        await room.WaitAsync(cancellation);
        try
        {
            var item = new LaneItem<T>(work, waitsForDisk, bytes, cancellation) { IsOneOfMany = isOneOfMany };
            lock (gate)
            {
                waiting.Enqueue(item);
                if (!running)
                    _ = Task.Run(Drain, CancellationToken.None);
                running = true;
            }
            return await item.Done;
        }
        finally
        {
            room.Release();
        }
    }

    public async Task<T> Read<T>(Action<TenantStatements> statements, Func<NpgsqlDataReader, Task<T>> answer, CancellationToken cancellation)
    {
        using var turn = await PostgresReads.Turn(database.Reads, tenant, database.Time, cancellation);
        return await PostgresReads.Run(database.Policy(), database.Server, async token =>
        {
            await using var connection = await database.Connect(token);
            return await TenantTransaction.Read(connection, tenant, database.Seal, statements, answer, token);
        }, cancellation);
    }

    private async Task Drain()
    {
        while (Take() is { Count: > 0 } group)
            await Commit(group);
    }

    private List<LaneItem> Take()
    {
        var group = new List<LaneItem>();
        var bytes = 0;
        lock (gate)
        {
            while (group.Count < options.MaxGroupWrites && bytes < options.MaxGroupBytes && waiting.TryDequeue(out var item))
            {
                if (item.Cancellation.IsCancellationRequested)
                {
                    item.Cancel();
                    continue;
                }
                group.Add(item);
                bytes += item.Bytes;
                if (waiting.TryPeek(out var next) && next.IsOneOfMany != item.IsOneOfMany)
                    break;
            }
            running = group.Count > 0;
        }
        return group;
    }

    private async Task Commit(List<LaneItem> group)
    {
        var began = CommitMeter.Begin();
        for (var repeat = 0; ; repeat++)
            try
            {
                await Run(group);
                CommitMeter.Committed(Store, group.Count, began);
                memory.Committed();
                break;
            }
            catch (Exception failure)
            {
                memory.RolledBack();
                if (repeat < MaxRepeats && (failure is TenantBeganAnewException || PostgresFault.IsPassing(failure)))
                    continue;
                if (repeat < MaxRepeats && !isCommitting && PostgresFault.IsGoneAtOnce(failure) && database.Policy()?.TryRepeat() == true)
                {
                    await Task.Delay(FirstPause * (1 << repeat), database.Time);
                    continue;
                }
                CommitMeter.Failed(Store);
                await Answer(group, failure);
                return;
            }
        foreach (var item in group)
            item.Succeed();
    }

    private async Task Run(List<LaneItem> group)
    {
        isCommitting = false;
        await using var connection = await database.Connect(CancellationToken.None);
        var transaction = new TenantTransaction(connection, tenant, database.Seal, memory, group.Any(item => item.WaitsForDisk), group[0].IsOneOfMany);
        // A transaction that is not committed is rolled back when its connection goes back to the pool.
        foreach (var item in group)
            await item.Execute(transaction);
        isCommitting = true;
        await transaction.Commit();
    }

    private async Task Answer(List<LaneItem> group, Exception failure)
    {
        if (group.Count == 1 || PostgresFault.EndsConnection(failure))
            foreach (var item in group)
                item.Fail(failure is NpgsqlException told ? PostgresFault.Of(told, database.Server) : failure);
        else
            foreach (var item in group)
                await Commit([item]);
    }
}

/// <summary>One piece of work that waits for a tenant's lane.</summary>
internal abstract class LaneItem(bool waitsForDisk, int bytes, CancellationToken cancellation)
{
    public bool WaitsForDisk => waitsForDisk;

    /// <summary>Whether the tenant's row is held as one of many. Such work goes in groups of its own.</summary>
    public bool IsOneOfMany { get; init; }

    public int Bytes => bytes;

    public CancellationToken Cancellation => cancellation;

    public abstract Task Execute(TenantTransaction transaction);

    public abstract void Succeed();

    public abstract void Fail(Exception failure);

    public abstract void Cancel();
}

internal sealed class LaneItem<T>(Func<TenantTransaction, Task<T>> work, bool waitsForDisk, int bytes, CancellationToken cancellation)
    : LaneItem(waitsForDisk, bytes, cancellation)
{
    private readonly TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? result;

    public Task<T> Done => done.Task;

    public override async Task Execute(TenantTransaction transaction) => result = await work(transaction);

    public override void Succeed() => done.SetResult(result!);

    public override void Fail(Exception failure) => done.SetException(failure);

    public override void Cancel() => done.SetCanceled(Cancellation);
}
