namespace Sophia.Resilience;

/// <summary>Refuses what is not offered now.</summary>
internal static class Offers
{
    /// <summary>When it may be asked for again: one step of recovery.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(30);

    /// <exception cref="RefusedException">Unavailable: the feature is off.</exception>
    public static void MustOffer(this IFeatures features, TenantId tenant, string feature, TimeProvider time)
    {
        if (features.Of(tenant).WhyOff(feature) is { } why)
            throw new RefusedException(RefusalCode.Unavailable, $"{why}. Ask again later.", retryAt: time.GetUtcNow() + AskAgainAfter);
    }
}
