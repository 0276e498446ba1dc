using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>How a write ended, in terms of what its caller does next.</summary>
internal abstract record LogWrite
{
    private LogWrite() { }

    public sealed record Done(AppendOutcome.Committed Committed) : LogWrite;

    public sealed record AlreadyDone(long Position) : LogWrite;

    /// <summary>Somebody else owns the name now, for good: nothing was written, and this writer writes nothing any more. Its activation ends.</summary>
    public sealed record Lost : LogWrite;

    /// <summary>This write did not take place, but an earlier one of unknown outcome did: read again what the log says.</summary>
    public sealed record Moved : LogWrite;
}

/// <summary>Appends under one owner's fence, one at a time, and keeps the fence.</summary>
/// <remarks>After a failed append nobody knows whether it took place. The fence stays as it was, so that the next append either fits (it did not)
/// or is answered with Misplaced (it did). That is why a caller must never retry on its own what is not idempotent.
/// Who was fenced does not acquire again: two activations would take the name from each other for as long as both live.</remarks>
internal sealed class FencedWriter(ILogStore store, TenantId tenant, string owner)
{
    private Fence? fence;
    private bool lost;
    private Task last = Task.CompletedTask;

    public async Task<LogWrite> Append(AppendBatch batch, CancellationToken cancellation)
    {
        var turn = new TaskCompletionSource();
        var before = last;
        last = turn.Task;
        await before;
        try
        {
            return await InTurn(batch, cancellation);
        }
        finally
        {
            turn.SetResult();
        }
    }

    /// <summary>How often an append is asked for where an earlier one of unknown outcome stands before it.</summary>
    public const int MaxTries = 3;

    /// <summary>A fence to put into a batch that the writer replaces.</summary>
    public static readonly Fence Unset = new("", 0, 0);

    private async Task<LogWrite> InTurn(AppendBatch batch, CancellationToken cancellation)
    {
        if (lost)
            return new LogWrite.Lost();
        fence ??= await store.Acquire(tenant, owner, cancellation);
        switch (await store.Append(tenant, batch with { Fence = fence }, cancellation))
        {
            case AppendOutcome.Committed committed:
                fence = committed.Next;
                return new LogWrite.Done(committed);
            case AppendOutcome.AlreadyDone already:
                return new LogWrite.AlreadyDone(already.Position);
            case AppendOutcome.Misplaced misplaced:
                fence = misplaced.Current;
                return new LogWrite.Moved();
            default:
                lost = true;
                return new LogWrite.Lost();
        }
    }
}
