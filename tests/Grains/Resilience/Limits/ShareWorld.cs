namespace Sophia.Resilience;

/// <summary>Processes that ask a window or a number of places and the truth that divides it, in steps of a millisecond.</summary>
internal sealed class ShareWorld(LimitTerms terms, int seed, int processes)
{
    private const int ExchangeEvery = 5_000, HurriedEvery = 100, RetryAfter = 1_000, SlowestMessage = 40, AskEvery = 100;
    private const long Step = Nanoseconds.ASecond / 1_000;
    private static readonly TimeSpan LeaseFor = TimeSpan.FromSeconds(15);

    private readonly QuotaPolicy policy = QuotaPolicy.Of(terms);
    private readonly TimeSpan holds = LeaseFor + TimeSpan.FromSeconds(terms.IsPlaces ? 0 : terms.WindowSeconds * 1.1);
    private readonly Random random = new(seed);
    private readonly List<Process> all = [];
    private readonly PriorityQueue<Action, (long At, long Number)> messages = new();
    private readonly PriorityQueue<(Process Process, int Calls), long> ends = new();
    private readonly Queue<long> admitted = new();
    private readonly Queue<long> begun = new();
    private QuotaState truth = QuotaRules.Begin(QuotaPolicy.Of(terms), isFull: true, DateTimeOffset.UnixEpoch);
    private DateTimeOffset leasesUntil, learnsUntil;
    private long now, sent, names, staleAt = long.MinValue / 2;
    private int inUse, cutOff;

    /// <summary>Share of messages that are lost.</summary>
    public double Loses { get; init; }

    /// <summary>Milliseconds; 0: never.</summary>
    public int DeathsEvery { get; init; }

    /// <inheritdoc cref="DeathsEvery"/>
    public int TruthDiesEvery { get; init; }

    public long Asked { get; private set; }

    public long Admitted { get; private set; }

    /// <summary>By how much what counts together at any moment was above what may be, at worst; 0 or less: never.</summary>
    public double Worst { get; private set; } = double.MinValue;

    /// <summary>The most that counted together.</summary>
    public long Most { get; private set; }

    /// <summary>The sum over time of places in use, in place-seconds.</summary>
    public double InUseSeconds { get; private set; }

    public void Run(int seconds, Func<int, long, Random, double> demand, int jumpsEvery, int callsLast = 200)
    {
        for (var i = 0; i < processes; i++)
            all.Add(Begun());
        for (; now < seconds * 1_000L; now++)
        {
            if (DeathsEvery > 0 && now % DeathsEvery == DeathsEvery - 1)
                Dies(random.Next(all.Count));
            if (TruthDiesEvery > 0 && now % TruthDiesEvery == TruthDiesEvery - 1)
                (truth, learnsUntil) = (QuotaRules.Begin(policy, leasesUntil <= Moment, Moment), leasesUntil);
            while (messages.TryPeek(out _, out var due) && due.At <= now)
                messages.Dequeue()();
            while (ends.TryPeek(out _, out var at) && at <= now)
                Ended(ends.Dequeue().Process);
            for (var i = 0; i < all.Count; i++)
            {
                if (now % jumpsEvery == 0)
                    all[i].Demand = demand(i, now, random);
                Ask(all[i], callsLast);
                Exchange(all[i]);
            }
            Check();
        }
    }

    private DateTimeOffset Moment => DateTimeOffset.UnixEpoch.AddMilliseconds(now);

    private long Window => (long)(terms.WindowSeconds * 1_000);

    // What counts together: what passed in the window that ends now, of a fixed one in the window of the grid, or what is under way.
    private void Check()
    {
        while (!terms.IsPlaces && admitted.TryPeek(out var first) && (terms.Algorithm == LimitAlgorithm.FixedWindow ? first / Window < now / Window : first <= now - Window))
            admitted.Dequeue();
        while (begun.TryPeek(out var old) && old < now - Window - (long)holds.TotalMilliseconds)
            begun.Dequeue();
        var counts = terms.IsPlaces ? inUse : admitted.Count;
        InUseSeconds += inUse / 1_000.0;
        var strangers = processes + begun.Count;
        var bound = terms.Limit + (strangers * Math.Max(1, terms.Limit / 100)) + (now - staleAt <= Window + 1 ? terms.Limit / 10 : 0) + cutOff;
        Worst = Math.Max(Worst, counts - bound);
        Most = Math.Max(Most, counts);
    }

    private Process Begun()
    {
        begun.Enqueue(now);
        return new Process($"p{names++}", HeldShare.Of(terms, now * Step)) { NextAt = now };
    }

    // What a dead process was at is over; what it took in a window stays taken.
    private void Dies(int which)
    {
        inUse -= all[which].InUse;
        all[which].IsDead = true;
        all[which] = Begun();
    }

    private void Ended(Process process)
    {
        if (process.IsDead)
            return;
        process.Held.Returned(now * Step, 1);
        process.InUse--;
        inUse--;
    }

    private void Ask(Process process, int callsLast)
    {
        var isStale = now - process.ConfirmedAt > LeaseFor.TotalMilliseconds;
        if (isStale && process.Held.Share > 0)
            (staleAt, cutOff) = (now, Math.Max(cutOff, terms.IsPlaces ? process.InUse : 0));
        for (process.Wants += process.Demand / 1_000; process.Wants >= 1; process.Wants--)
        {
            Asked++;
            var verdict = process.Held.Take(now * Step, 1, isStale);
            if (terms.IsPlaces)
                process.Wanted = process.Wanted.With(now * Step, process.Held.Used(now * Step), verdict.IsAdmitted ? 0 : 1);
            else
                process.Asked = process.Asked.With(now * Step, 1);
            if (verdict.IsAdmitted)
                Took(process, callsLast);
            if ((!verdict.IsAdmitted || verdict.Remaining * 10 < process.Held.Used(now * Step)) && now >= process.MayHurryAt)
                (process.NextAt, process.MayHurryAt) = (Math.Min(process.NextAt, now), now + HurriedEvery);
        }
    }

    private void Took(Process process, int callsLast)
    {
        Admitted++;
        admitted.Enqueue(now);
        if (!terms.IsPlaces)
            return;
        process.InUse++;
        inUse++;
        ends.Enqueue((process, 1), now + random.Next(1, 2 * callsLast));
    }

    private void Exchange(Process process)
    {
        if (process.IsExchanging || now < process.NextAt)
            return;
        process.IsExchanging = true;
        process.Asked = process.Asked.With(now * Step, 0);
        process.Wanted = process.Wanted.With(now * Step, terms.IsPlaces ? process.Held.Used(now * Step) : 0, 0);
        var (uses, demand, began) = (process.Held.Uses(now * Step, terms), terms.IsPlaces ? process.Wanted.Most : process.Asked.PerSecond(now * Step), now);
        var answered = false;
        Send(() =>
        {
            leasesUntil = leasesUntil >= Moment + holds ? leasesUntil : Moment + holds + TimeSpan.FromSeconds(5);
            (truth, var grant) = QuotaRules.Exchange(truth, process.Name, uses, demand, policy, Moment < learnsUntil, holds, Moment);
            if (grant.IsShort)
                AskOthers(process);
            var version = ++sent;
            Send(() =>
            {
                answered = true;
                process.ConfirmedAt = began;
                Take(process, grant.Share, version);
                (process.IsExchanging, process.NextAt) = (false, Math.Min(now + ExchangeEvery, process.IsHurried ? now : long.MaxValue));
                process.IsHurried = false;
            });
        });
        messages.Enqueue(() =>
        {
            if (!answered)
                (process.IsExchanging, process.NextAt) = (false, now);
        }, (now + RetryAfter, ++sent));
    }

    private void AskOthers(Process asked)
    {
        var targets = QuotaRules.Targets(truth.Holders, policy);
        var version = ++sent;
        foreach (var other in all.Where(one => one != asked && one.AskedAt + AskEvery <= now && targets.ContainsKey(one.Name)))
        {
            other.AskedAt = now;
            var share = Math.Min(targets[other.Name], truth.Holders.First(holder => holder.Process == other.Name).Held);
            Send(() => Take(other, share, version, asks: true));
        }
    }

    private void Take(Process process, int share, long version, bool asks = false)
    {
        if (version < process.Version)
            return;
        var shrank = asks || share < process.Held.Share;
        process.Held.Shared(share);
        process.Version = version;
        if (shrank && process.IsExchanging)
            process.IsHurried = true;
        else if (shrank)
            process.NextAt = now;
    }

    private void Send(Action arrives)
    {
        if (random.NextDouble() >= Loses)
            messages.Enqueue(arrives, (now + random.Next(1, SlowestMessage), ++sent));
    }

    private sealed class Process(string name, HeldShare held)
    {
        public string Name => name;

        public HeldShare Held => held;

        public bool IsDead { get; set; }

        public int InUse { get; set; }

        public double Demand { get; set; }

        public double Wants { get; set; }

        public DemandWindow Asked { get; set; }

        public PlacesWanted Wanted { get; set; }

        public long AskedAt { get; set; }

        public long Version { get; set; }

        public long ConfirmedAt { get; set; } = long.MinValue / 2;

        public long NextAt { get; set; }

        public long MayHurryAt { get; set; }

        public bool IsExchanging { get; set; }

        public bool IsHurried { get; set; }
    }
}
