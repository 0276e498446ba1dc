using Npgsql;
using Sophia.Log;
using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Postgres;

/// <summary>How PostgreSQL is read: in turn, within the policy's time and the caller's, and again on another connection where one was lost.</summary>
/// <remarks>A read has no effect, so it is repeated whatever became of it, but only where the server or its connection was gone: what was too slow once would only be slow again, and take another connection meanwhile.</remarks>
internal static class PostgresReads
{
    /// <summary>A place among those who read. Waits no longer than whoever asks.</summary>
    /// <exception cref="Operations.RefusedException">DeadlinePassed.</exception>
    public static async ValueTask<TenantTurn> Turn(TenantTurns turns, TenantId tenant, TimeProvider time, CancellationToken cancellation)
    {
        if (Deadline.Left(time) is not { } left)
            return await turns.Enter(tenant, cancellation);
        using var patience = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            return await turns.Enter(tenant, any.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Deadline.Passed();
        }
    }

    /// <exception cref="StorageException">The server failed.</exception>
    /// <exception cref="Operations.RefusedException">DeadlinePassed: nobody waits any more.</exception>
    public static async Task<T> Run<T>(IPolicy? policy, string server, Func<CancellationToken, Task<T>> read, CancellationToken cancellation)
    {
        try
        {
            return policy is null ? await read(cancellation) : await policy.Run(new PolicyCall<T>(read, Judge, IsIdempotent: true), cancellation);
        }
        catch (NpgsqlException failure)
        {
            throw PostgresFault.Of(failure, server);
        }
        catch (PolicyRefusedException refused)
        {
            throw refused.Reason == PolicyRefusalReason.Deadline ? Deadline.Passed() : new StorageException(StorageFault.Unreachable, $"PostgreSQL at {server} is not asked for now: {refused.Message}.");
        }
        catch (AttemptTimeoutException late)
        {
            throw late.IsDeadline ? Deadline.Passed() : new StorageException(StorageFault.Unreachable, $"PostgreSQL at {server}: {late.Message}.");
        }
    }

    private static CallFailure Judge(Exception failure) => PostgresFault.IsGoneAtOnce(failure) || PostgresFault.IsPassing(failure)
        ? new CallFailure(CallOutcome.Unreachable, MayPass: true) : new CallFailure(CallOutcome.Refused, MayPass: false);
}
