using System.Collections.Concurrent;
using System.Net;

namespace Sophia.Security;

/// <summary>Refuses whoever tries keys and codes. The counts are grains', shared by all front ends; what they said is remembered here.</summary>
/// <remarks>Only keys and codes that never proved right here come this way: a caller's key is asked about once. Who waits is refused without asking anybody.
/// A count that cannot be had holds nobody up.</remarks>
internal sealed partial class SignInThrottle(IGrainFactory grains, TimeProvider time, ILogger<SignInThrottle> logger)
{
    private readonly ConcurrentDictionary<string, (DateTimeOffset RefusedUntil, DateTimeOffset KnownUntil)> known = new(StringComparer.Ordinal);

    /// <exception cref="RefusedException">Busy: too many wrong ones came from the address.</exception>
    public async Task Enter(IPAddress? from)
    {
        var (key, now) = (ThrottleKey.Of(from), time.GetUtcNow());
        var refused = known.TryGetValue(key, out var entry) && (entry.KnownUntil > now || entry.RefusedUntil > now)
            ? entry.RefusedUntil
            : Remember(key, await Ask(key, static grain => grain.View()), null);
        if (refused > now)
            throw new RefusedException(RefusalCode.Busy, "Too many wrong keys or links came from your address. Wait before you try again.", retryAt: refused);
    }

    /// <summary>Counts a wrong key or code.</summary>
    /// <param name="tenant">Whose it would have been, where there is such a tenant.</param>
    public async Task Wrong(IPAddress? from, TenantId? tenant)
    {
        var key = ThrottleKey.Of(from);
        var against = tenant is { } attacked ? Ask(ThrottleKey.Of(attacked), static grain => grain.Wrong()) : Task.FromResult<ThrottleView?>(null);
        Remember(key, await Ask(key, static grain => grain.Wrong()), await against);
    }

    private async Task<ThrottleView?> Ask(string key, Func<ISignInThrottleGrain, Task<ThrottleView>> question)
    {
        try
        {
            using var _ = CallerContext.ForSystem("sign-in throttle");
            return await question(grains.GetGrain<ISignInThrottleGrain>(key));
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogUncounted(failure);
            return null;
        }
    }

    private DateTimeOffset Remember(string key, ThrottleView? own, ThrottleView? tenants)
    {
        if (known.Count >= EdgeLimits.CallersRemembered)
            known.Clear();
        var refused = Later(own?.RefusedUntil, tenants?.RefusedUntil);
        known[key] = (refused, time.GetUtcNow() + EdgeLimits.AddressBelievedFor);
        return refused;
    }

    private static DateTimeOffset Later(DateTimeOffset? one, DateTimeOffset? other) =>
        (one > other ? one : other ?? one) ?? DateTimeOffset.MinValue;

    [LoggerMessage(4010, LogLevel.Warning, "Wrong sign-ins cannot be counted now; nobody is held up for it")]
    private partial void LogUncounted(Exception failure);
}
