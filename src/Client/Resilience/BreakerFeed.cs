using System.Runtime.CompilerServices;
using Orleans.Runtime;

namespace Sophia.Resilience;

/// <summary>A tenant's own breakers as they are now, then each one again whenever it opens, comes back step by step, closes, or somebody takes it in hand.</summary>
internal sealed class BreakerFeed(IGrainFactory grains, TimeProvider time)
{
    /// <summary>How late a change is told: 2 s.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    /// <summary>Breakers that are watched, the first in their order.</summary>
    private const int Most = 100;

    public async IAsyncEnumerable<BreakerNews> Read(TenantId tenant, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var told = new Dictionary<string, BreakerNews>(StringComparer.Ordinal);
        for (; ; await Task.Delay(LookEvery, time, cancellation))
        {
            foreach (var news in (await Views(tenant)).Select(BreakerNews.Of).Where(news => told.GetValueOrDefault(news.Dependency) != news))
                yield return told[news.Dependency] = news;
        }
    }

    /// <summary>Those that answer: who does not is looked at again the next time.</summary>
    private async Task<IEnumerable<BreakerView>> Views(TenantId tenant)
    {
        using var _ = CallerContext.ForSystem("circuit breakers");
        var names = await Answer(() => grains.GetGrain<IBreakerDirectoryGrain>(TenantKey.Of(tenant)).List()) ?? [];
        return (await Task.WhenAll(names.Take(Most).Select(name => Answer(() => grains.GetGrain<ICircuitBreakerGrain>(TenantKey.Of(tenant, name)).View())))).OfType<BreakerView>();
    }

    private static async Task<T?> Answer<T>(Func<Task<T>> ask) where T : class
    {
        try
        {
            return await ask();
        }
        catch (Exception failure) when (failure is TimeoutException or OrleansException or RefusedException)
        {
            return null;
        }
    }
}

/// <summary>A breaker in a few words: see <see cref="BreakerView"/>. Because and By are of whoever holds it, where somebody does.</summary>
public sealed record BreakerNews(string Dependency, BreakerPhase Phase, BreakerHold Hold, int Share, DateTimeOffset? Since, DateTimeOffset? Until, string? Because, string? By)
{
    public static BreakerNews Of(BreakerView view) => new(view.Dependency, view.Phase, view.Hold, view.Share, view.HeldAt ?? view.Since, view.Hold == BreakerHold.None ? view.Until : null, view.HeldBecause ?? view.Because, view.HeldBy);
}
