namespace Sophia.Resilience;

/// <summary>How long a call and its attempts may take. Pure.</summary>
internal static class DeadlineRules
{
    /// <summary>The time of all attempts: the policy's, or the caller's where that ends sooner. Zero or less: nobody waits.</summary>
    /// <param name="callersLeft">What is left of the caller's deadline; null: there is none.</param>
    public static TimeSpan Total(PolicyOptions options, TimeSpan? callersLeft) => callersLeft is { } left && left < options.Within ? left : options.Within;

    /// <summary>The time of one attempt, and whether it is the attempt's own: an attempt that was cut short by its caller says nothing against the dependency.</summary>
    public static (TimeSpan For, bool IsItsOwn) Attempt(PolicyOptions options, TimeSpan left) => left < options.AttemptWithin ? (left, false) : (options.AttemptWithin, true);
}
