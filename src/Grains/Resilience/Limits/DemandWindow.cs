namespace Sophia.Resilience;

/// <summary>What was asked of late, a second. Chance is told apart from change: for as long as what comes in tenths of a second may be chance, the mean of about the last two seconds counts; what cannot be chance counts at once, and the mean begins anew with it.</summary>
/// <remarks>Without the mean a process that is asked 20 times a second would say 10 and 40 in turns, and shares would move to and fro. Moments are nanoseconds.</remarks>
/// <param name="Since">When the window under way began.</param>
/// <param name="Before">What was asked in the window before it; <paramref name="Now"/>: in it.</param>
/// <param name="Long">What was asked in the windows that ended, each counting a twentieth less than the one after it; <paramref name="Windows"/>: how many they are, counted in the same way.</param>
internal record struct DemandWindow(long Since, double Before, double Now, double Long, double Windows)
{
    /// <summary>100 ms: a demand that has jumped is seen within a fifth of a second.</summary>
    public const long Length = Nanoseconds.ASecond / 10;

    /// <summary>So long nobody asks, and what was asked before is nothing any more: 2 s.</summary>
    private const long ForgottenAfter = 20 * Length;

    /// <summary>What a window counts of the one after it.</summary>
    private const double Keeps = 0.95;

    /// <summary>Standard deviations of what comes by chance (as askings of many callers do) beyond which it is none.</summary>
    private const double Chance = 3;

    public static DemandWindow Begin(long now) => new(now, 0, 0, 0, 0);

    /// <summary>Counts what is asked now.</summary>
    public void Count(long now, double cost)
    {
        if (now - Since >= Length)
            Pass(now);
        Now += cost;
    }

    public readonly DemandWindow With(long now, double cost)
    {
        var after = this;
        after.Count(now, cost);
        return after;
    }

    public readonly double PerSecond(long now)
    {
        var elapsed = Math.Max(0, now - Since);
        var (count, span) = (Before + Now, (Length + elapsed) / (double)Nanoseconds.ASecond);
        if (Windows == 0)
            return count / span;
        var chance = Chance * Math.Sqrt(count + 1);
        return Math.Clamp((Long + Now) / (((Windows * Length) + elapsed) / Nanoseconds.ASecond), Math.Max(0, count - chance) / span, (count + chance) / span);
    }

    private void Pass(long now)
    {
        if (now - Since >= ForgottenAfter)
            this = new(now, 0, 0, 0, 2);
        while (now - Since >= Length)
            this = Next();
    }

    private readonly DemandWindow Next()
    {
        var (count, mean) = (Before + Now, Windows == 0 ? 0 : 2 * Long / Windows);
        return Math.Abs(count - mean) > Chance * Math.Sqrt(Math.Max(count, mean) + 1)
            ? new(Since + Length, Now, 0, count, 2)
            : new(Since + Length, Now, 0, (Long * Keeps) + Now, (Windows * Keeps) + 1);
    }
}
