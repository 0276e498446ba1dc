namespace Sophia.Queues;

/// <summary>Who is noisy among tenants: whoever has far more than its fair share, and not just little. Pure.</summary>
/// <remarks>SQS' fair queues call a tenant noisy above 10 % of the work in flight. Of two tenants both are above that whatever they do; so the share counts against what is due to the tenant: its weight among those that have work.
/// Who is alone is due everything, and is never noisy; nor are ever all of them.</remarks>
internal static class NoiseRules
{
    /// <summary>How many times its fair share a tenant must have: 1.5. Who is due two thirds or more is never noisy.</summary>
    public const double Factor = 1.5;

    /// <summary>The share of all work in hand, or of all time spent, up to which nobody is noisy however many tenants there are: 10 %.</summary>
    public const double LeastShare = 0.1;

    /// <summary>Items in hand below which nobody is noisy by their number: 30.</summary>
    public const int LeastInHand = 30;

    /// <summary>Time spent in the window (a minute) below which nobody is noisy by it: 6 s, a tenth of one place's.</summary>
    public static readonly TimeSpan LeastBusy = TimeSpan.FromSeconds(6);

    /// <param name="inHand">The tenant's items that workers have.</param>
    /// <param name="allInHand">All tenants'.</param>
    /// <param name="busy">Time spent on the tenant's work in the window.</param>
    /// <param name="allBusy">On all work.</param>
    /// <param name="fair">The tenant's weight over the sum of the weights of all tenants that have work, itself among them: over 0, at most 1.</param>
    /// <param name="least">Items in hand below which nobody is noisy by their number.</param>
    public static bool IsNoisy(int inHand, int allInHand, TimeSpan busy, TimeSpan allBusy, double fair, int least = LeastInHand)
    {
        var share = Math.Max(LeastShare, Factor * fair);
        return (inHand >= least && inHand > share * allInHand) || (busy >= LeastBusy && busy > share * allBusy);
    }
}
