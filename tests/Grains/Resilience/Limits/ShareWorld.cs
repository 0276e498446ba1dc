namespace Sophia.Resilience;

/// <summary>Processes that ask a window or a number of places and the truth that divides it.</summary>
internal sealed class ShareWorld(LimitTerms terms, int seed, int processes) : LeaseWorld<ShareWorld.Process>(QuotaPolicy.Of(terms), Holds(terms), seed)
{
    private readonly TimeSpan holds = Holds(terms);
    private readonly PriorityQueue<(Process Process, int Calls), long> ends = new();
    private readonly Queue<long> admitted = new();
    private readonly Queue<long> begun = new();
    private long staleAt = long.MinValue / 2;
    private int inUse, cutOff;

    /// <summary>By how much what counts together at any moment was above what may be, at worst; 0 or less: never.</summary>
    public double Worst { get; private set; } = double.MinValue;

    /// <summary>The most that counted together.</summary>
    public long Most { get; private set; }

    /// <summary>The sum over time of places in use, in place-seconds.</summary>
    public double InUseSeconds { get; private set; }

    public void Run(int seconds, Func<int, long, Random, double> demand, int jumpsEvery, int callsLast = 200) =>
        Run(seconds, processes, demand, jumpsEvery, process => Ask(process, callsLast), Dies, Arrived, Check);

    private static TimeSpan Holds(LimitTerms terms) => LeaseFor + TimeSpan.FromSeconds(terms.IsPlaces ? 0 : terms.WindowSeconds * 1.1);

    private void Arrived()
    {
        while (ends.TryPeek(out _, out var at) && at <= Now)
            Ended(ends.Dequeue().Process);
    }

    private long Window => (long)(terms.WindowSeconds * 1_000);

    // What counts together: what passed in the window that ends now, of a fixed one in the window of the grid, or what is under way.
    private void Check()
    {
        while (!terms.IsPlaces && admitted.TryPeek(out var first) && (terms.Algorithm == LimitAlgorithm.FixedWindow ? first / Window < Now / Window : first <= Now - Window))
            admitted.Dequeue();
        while (begun.TryPeek(out var old) && old < Now - Window - (long)holds.TotalMilliseconds)
            begun.Dequeue();
        var counts = terms.IsPlaces ? inUse : admitted.Count;
        InUseSeconds += inUse / 1_000.0;
        var strangers = processes + begun.Count;
        var bound = terms.Limit + (strangers * Math.Max(1, terms.Limit / 100)) + (Now - staleAt <= Window + 1 ? terms.Limit / 10 : 0) + cutOff;
        Worst = Math.Max(Worst, counts - bound);
        Most = Math.Max(Most, counts);
    }

    protected override Process Begun()
    {
        begun.Enqueue(Now);
        return new Process(NextName(), HeldShare.Of(terms, Now * Step), Now);
    }

    // What a dead process was at is over; what it took in a window stays taken.
    private void Dies(int which)
    {
        inUse -= All[which].InUse;
        All[which].IsDead = true;
        All[which] = Begun();
    }

    private void Ended(Process process)
    {
        if (process.IsDead)
            return;
        process.Held.Returned(Now * Step, 1);
        process.InUse--;
        inUse--;
    }

    private void Ask(Process process, int callsLast)
    {
        var isStale = IsStale(process);
        if (isStale && process.Held.Share > 0)
            (staleAt, cutOff) = (Now, Math.Max(cutOff, terms.IsPlaces ? process.InUse : 0));
        for (process.Wants += process.Demand / 1_000; process.Wants >= 1; process.Wants--)
        {
            Asked++;
            var verdict = process.Held.Take(Now * Step, 1, isStale);
            if (terms.IsPlaces)
                process.Wanted = process.Wanted.With(Now * Step, process.Held.Used(Now * Step), verdict.IsAdmitted ? 0 : 1);
            else
                process.Asked = process.Asked.With(Now * Step, 1);
            if (verdict.IsAdmitted)
                Took(process, callsLast);
            if (!verdict.IsAdmitted || verdict.Remaining * 10 < process.Held.Used(Now * Step))
                Hurry(process);
        }
    }

    private void Took(Process process, int callsLast)
    {
        Admitted++;
        admitted.Enqueue(Now);
        if (!terms.IsPlaces)
            return;
        process.InUse++;
        inUse++;
        ends.Enqueue((process, 1), Now + Random.Next(1, 2 * callsLast));
    }

    protected override (int Uses, double Demand) Says(Process process)
    {
        process.Wanted = process.Wanted.With(Now * Step, terms.IsPlaces ? process.Held.Used(Now * Step) : 0, 0);
        return (process.Held.Uses(Now * Step, terms), terms.IsPlaces ? process.Wanted.Most : process.Asked.PerSecond(Now * Step));
    }

    protected override (int Uses, double Tokens) Leaves(Process process)
    {
        process.Held.Shared(0);
        return (process.Held.Uses(Now * Step, terms), 0);
    }

    protected override int ShareOf(Process process) => process.Held.Share;

    protected override void Shared(Process process, int share, double tokens, long number) => process.Held.Shared(share);

    internal sealed class Process(string name, HeldShare held, long nextAt) : Leaser(name, nextAt)
    {
        public HeldShare Held => held;

        public bool IsDead { get; set; }

        public int InUse { get; set; }

        public PlacesWanted Wanted { get; set; }
    }
}
