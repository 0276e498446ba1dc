namespace Sophia.Resilience;

/// <summary>What was asked of late, a second: over the window under way and the one before it. Pure; moments are nanoseconds.</summary>
internal readonly record struct DemandWindow(long Since, double Before, double Now)
{
    /// <summary>100 ms: a demand that has jumped is seen within a fifth of a second.</summary>
    public const long Length = Nanoseconds.ASecond / 10;

    public static DemandWindow Begin(long now) => new(now, 0, 0);

    public DemandWindow With(long now, double cost) => (now - Since) switch
    {
        < Length => this with { Now = Now + cost },
        < 2 * Length => new(Since + Length, Now, cost),
        _ => new(now, 0, cost),
    };

    public double PerSecond(long now) => (Before + Now) / (Length + Math.Max(0, now - Since)) * Nanoseconds.ASecond;
}
