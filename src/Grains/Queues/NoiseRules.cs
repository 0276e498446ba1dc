namespace Sophia.Queues;

/// <summary>Who is noisy among tenants, by the thresholds of SQS' fair queues. Pure.</summary>
internal static class NoiseRules
{
    /// <summary>The share of all work in hand, or of all time spent, above which a tenant is noisy: 10 %.</summary>
    public const double Share = 0.1;

    /// <summary>Items in hand below which nobody is noisy by their number: 30.</summary>
    public const int LeastInHand = 30;

    /// <param name="inHand">The tenant's items that workers have.</param>
    /// <param name="allInHand">All tenants'.</param>
    /// <param name="busy">Time spent on the tenant's work in the window.</param>
    /// <param name="allBusy">On all work.</param>
    /// <param name="tenants">Tenants with work: who is alone disturbs nobody.</param>
    /// <param name="least">Items in hand below which nobody is noisy by their number.</param>
    public static bool IsNoisy(int inHand, int allInHand, TimeSpan busy, TimeSpan allBusy, int tenants, int least = LeastInHand) => tenants > 1
        && ((inHand >= least && inHand > Share * allInHand) || busy > Share * allBusy);
}
