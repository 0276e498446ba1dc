using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using Sophia.Operations;

namespace Sophia.Security;

/// <summary>Counts the wrong keys and codes of one address or against one tenant; the key is made by <see cref="ThrottleKey"/>.</summary>
/// <remarks>What a wrong try costs is decided in <see cref="SignInThrottleRules"/>. The count is fast state: it lives on in memory while its store is away, and
/// where it may have been lost it starts one wrong try before the waiting. Once nothing is left to remember, nothing is kept.</remarks>
internal sealed partial class SignInThrottleGrain(
    [PersistentState("throttle", Stores.Fast)] IPersistentState<ThrottleState> stored,
    IOptions<SignInThrottleOptions> options,
    TimeProvider time,
    ILogger<SignInThrottleGrain> logger) : Grain, ISignInThrottleGrain
{
    private ThrottleBounds bounds = options.Value.OfAddress;
    private IGrainTimer? forgetting;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (ThrottleKey.IsOfTenant(this.GetPrimaryKeyString()))
            bounds = options.Value.OfTenant;
        if (stored.MayBeLost())
            stored.State = SignInThrottleRules.Unknown(time.GetUtcNow(), bounds);
        ForgetLater();
        return Task.CompletedTask;
    }

    public Task<ThrottleView> View() => Task.FromResult(SignInThrottleRules.View(stored.State, time.GetUtcNow()));

    public async Task<ThrottleView> Wrong()
    {
        stored.State = SignInThrottleRules.Wrong(stored.State, time.GetUtcNow(), bounds);
        ForgetLater();
        await Kept(stored.WriteStateAsync);
        return SignInThrottleRules.View(stored.State, time.GetUtcNow());
    }

    private async Task Forget(CancellationToken cancellation)
    {
        await Kept(stored.ClearStateAsync);
        DeactivateOnIdle();
    }

    // A count that only memory has is better than none.
    private async Task Kept(Func<Task> write)
    {
        try
        {
            await write();
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogUnwritten(failure);
        }
    }

    private void ForgetLater()
    {
        var left = SignInThrottleRules.CleanAt(stored.State, bounds) - time.GetUtcNow();
        forgetting?.Dispose();
        forgetting = stored.State.Counted == 0 || left <= TimeSpan.Zero ? null
            : this.RegisterGrainTimer(Forget, new GrainTimerCreationOptions(left, Timeout.InfiniteTimeSpan));
    }

    [LoggerMessage(4011, LogLevel.Warning, "A count of wrong sign-ins could not be written; it goes on in memory")]
    private partial void LogUnwritten(Exception failure);
}
