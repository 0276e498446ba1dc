using Microsoft.Extensions.Logging;
using Sophia.Operations;

namespace Sophia.Resilience;

/// <summary>Claims keys, keeps leases alive while their work goes on, and hands in what it came to.</summary>
/// <param name="newHolder">A text that no other asking has.</param>
internal sealed partial class Idempotent(IGrainFactory grains, Func<string> newHolder, TimeProvider time, ILogger<Idempotent> logger) : IIdempotent
{
    /// <summary>A lease is renewed so many times in its length: two words may be lost.</summary>
    private const int RenewalsInALease = 3;

    public async Task<OnceAnswer> Once(OnceRequest request, Func<OnceWork, Task<IdempotentOutcome?>> work, CancellationToken cancellation)
    {
        var grain = grains.GetGrain<IIdempotencyGrain>(IdempotencyKey.Of(request.Tenant, request.Name));
        var claim = await grain.Claim(new IdempotencyClaim(newHolder(), request.Fingerprint, request.Operation, request.Lease));
        return claim.Kind switch
        {
            ClaimKind.Granted or ClaimKind.TakenOver => await Work(grain, request, claim, work, cancellation),
            ClaimKind.Replayed => new OnceAnswer.Done(claim.Outcome!, Replayed: true),
            ClaimKind.Running => new OnceAnswer.Running(claim.Until),
            _ => new OnceAnswer.Mismatch(),
        };
    }

    private async Task<OnceAnswer> Work(IIdempotencyGrain grain, OnceRequest request, ClaimAnswer claim, Func<OnceWork, Task<IdempotentOutcome?>> work, CancellationToken cancellation)
    {
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var doing = Do();
        IdempotentOutcome? outcome;
        try
        {
            // What is done at once needs no lease renewed.
            outcome = doing.IsCompleted ? await doing : await Renewed(grain, request, claim.Round, lost, doing);
        }
        catch (Exception failure)
        {
            await GiveBack(grain, request, claim.Round, failure is RefusedException refused ? refused.Message : failure.GetType().Name);
            throw;
        }
        if (outcome is null)
        {
            await GiveBack(grain, request, claim.Round, "Nothing took effect.");
            return new OnceAnswer.Released();
        }
        if (!await grain.Complete(claim.Round, outcome))
            LogLate(request.Tenant.Value, request.Operation);
        return new OnceAnswer.Done(outcome, Replayed: false);

        // What is thrown before the first wait is thrown like the rest.
        async Task<IdempotentOutcome?> Do() => await work(new OnceWork(request.Name, claim.Kind == ClaimKind.TakenOver, lost.Token));
    }

    /// <summary>Waits for the work, and renews its lease meanwhile.</summary>
    private async Task<IdempotentOutcome?> Renewed(IIdempotencyGrain grain, OnceRequest request, long round, CancellationTokenSource lost, Task<IdempotentOutcome?> doing)
    {
        using var ended = new CancellationTokenSource();
        var renewing = Renew(grain, request, round, lost, ended.Token);
        try
        {
            return await doing;
        }
        finally
        {
            await ended.CancelAsync();
            await renewing;
        }
    }

    private async Task Renew(IIdempotencyGrain grain, OnceRequest request, long round, CancellationTokenSource lost, CancellationToken ended)
    {
        while (true)
        {
            // Most waits are cancelled: no exception for each.
            await Task.Delay(request.Lease / RenewalsInALease, time, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            if (ended.IsCancellationRequested)
                return;
            if (await TryRenew(grain, request, round))
                continue;
            await lost.CancelAsync();
            return;
        }
    }

    // A word that was not heard is no word that was refused: the next may be heard, and if none is, the lease ends.
    private async Task<bool> TryRenew(IIdempotencyGrain grain, OnceRequest request, long round)
    {
        try
        {
            return await grain.Renew(round, request.Lease);
        }
        catch (Exception failure)
        {
            LogNotRenewed(request.Tenant.Value, request.Operation, failure);
            return true;
        }
    }

    // Where this fails, too, the lease ends by itself.
    private async Task GiveBack(IIdempotencyGrain grain, OnceRequest request, long round, string because)
    {
        try
        {
            await grain.Release(round, because);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogNotReleased(request.Tenant.Value, request.Operation, failure);
        }
    }

    [LoggerMessage(8012, LogLevel.Warning, "Tenant {Tenant}: \"{Operation}\" ended after another had taken it over")]
    private partial void LogLate(string tenant, string operation);

    [LoggerMessage(8013, LogLevel.Warning, "Tenant {Tenant}: the lease of \"{Operation}\" was not renewed")]
    private partial void LogNotRenewed(string tenant, string operation, Exception failure);

    [LoggerMessage(8014, LogLevel.Warning, "Tenant {Tenant}: \"{Operation}\" was not given back; its lease ends by itself")]
    private partial void LogNotReleased(string tenant, string operation, Exception failure);
}
