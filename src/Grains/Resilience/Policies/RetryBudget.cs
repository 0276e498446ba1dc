namespace Sophia.Resilience;

/// <summary>How many of a dependency's calls may be repetitions and hedges. Pure but for its lock; for any thread.</summary>
/// <remarks>
/// <para>Repetitions multiply the load of what is failing already, each layer of callers those of the next. A bound on each call (three attempts) bounds one call; only a bound on the share of all calls bounds the load.
/// The idea is Finagle's <c>RetryBudget</c> (20 % of the calls of the last 10 s and 10 a second; finagle.github.io/blog/2016/02/08/retry-budgets), the per-client budget of 10 % in chapter 21 of Site Reliability
/// Engineering (Beyer et al., 2016), and gRPC's retry throttling (proposal A6). Ours counts in windows instead of tokens, so that its bound can be said:</para>
/// <para>whenever a repetition is granted, those granted within the window that ends with it, itself among them, are at most <c>floor + share · calls within that window</c>.</para>
/// <para>A call counts as long as its window for sure holds it (ten slots of a tenth, the newest begun), a repetition until its window for sure does not (eleven): rounding is in nobody's favour but the dependency's.</para>
/// </remarks>
internal sealed class RetryBudget(double share, int floor, TimeSpan window, TimeProvider time)
{
    private const int CallSlots = 10, Slots = 11;

    private readonly Lock gate = new();
    private readonly long slotTicks = Math.Max(1, (long)(window.TotalSeconds * time.TimestampFrequency / CallSlots));
    private readonly int[] calls = new int[Slots], repeats = new int[Slots];
    private long newest = long.MinValue;

    /// <summary>A call was begun: its first attempt.</summary>
    public void Called()
    {
        lock (gate)
            calls[Now()]++;
    }

    /// <summary>Takes one repetition or hedge, or says that there is none.</summary>
    public bool TryTake()
    {
        lock (gate)
        {
            var slot = Now();
            if (Room() < 1)
                return false;
            repeats[slot]++;
            return true;
        }
    }

    /// <summary>How many could be taken now.</summary>
    public int Left
    {
        get
        {
            lock (gate)
            {
                Now();
                return Math.Max(0, (int)Room());
            }
        }
    }

    private double Room()
    {
        long begun = 0, repeated = 0;
        for (var slot = newest - CallSlots; slot <= newest; slot++)
        {
            var at = (int)((slot % Slots + Slots) % Slots);
            repeated += repeats[at];
            begun += slot > newest - CallSlots ? calls[at] : 0;
        }
        return floor + share * begun - repeated + 1e-9;
    }

    private int Now()
    {
        var now = time.GetTimestamp() / slotTicks;
        if (now > newest)
        {
            for (var slot = Math.Max(now - Slots + 1, newest == long.MinValue ? now - Slots + 1 : newest + 1); slot <= now; slot++)
                calls[(int)((slot % Slots + Slots) % Slots)] = repeats[(int)((slot % Slots + Slots) % Slots)] = 0;
            newest = now;
        }
        return (int)((newest % Slots + Slots) % Slots);
    }
}
