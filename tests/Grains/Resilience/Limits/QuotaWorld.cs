namespace Sophia.Resilience;

/// <summary>Processes that ask a quota and the truth that divides it, in steps of a millisecond.</summary>
internal sealed class QuotaWorld(QuotaPolicy policy, int seed, int processes)
{
    private const int ExchangeEvery = 5_000, HurriedEvery = 100, RetryAfter = 1_000, SlowestMessage = 40, AskEvery = 100;
    private const long Step = Nanoseconds.ASecond / 1_000;
    private static readonly TimeSpan LeaseFor = TimeSpan.FromSeconds(15);

    private readonly Random random = new(seed);
    private readonly List<Process> all = [];
    private readonly PriorityQueue<Action, (long At, long Number)> messages = new();
    private QuotaState truth = QuotaRules.Begin(policy, isFull: true, DateTimeOffset.UnixEpoch);
    private DateTimeOffset leasesUntil, learnsUntil;
    private long now, sent, grants, names, arrivals;
    private double lowest;

    /// <summary>Share of messages that are lost.</summary>
    public double Loses { get; init; }

    /// <summary>Milliseconds; 0: never.</summary>
    public int DeathsEvery { get; init; }

    /// <inheritdoc cref="DeathsEvery"/>
    public int TruthDiesEvery { get; init; }

    public long Asked { get; private set; }

    public long Admitted { get; private set; }

    /// <summary>The most that was admitted between two moments beyond what flowed in between them.</summary>
    public double Worst { get; private set; }

    /// <summary>burst + processes that ever were × (arrival + 1), and a tenth of the flow for shares whose lease ended.</summary>
    public double Bound => policy.Burst + (arrivals * (Math.Max(1, policy.Burst / 100) + 1)) + (policy.Rate * 0.1 * StaleSeconds);

    private double StaleSeconds { get; set; }

    public void Run(int seconds, Func<int, long, Random, double> demand, int jumpsEvery)
    {
        for (var i = 0; i < processes; i++)
            all.Add(Begun());
        for (; now < seconds * 1_000L; now++)
        {
            if (DeathsEvery > 0 && now % DeathsEvery == DeathsEvery - 1)
                all[random.Next(all.Count)] = Begun();
            if (TruthDiesEvery > 0 && now % TruthDiesEvery == TruthDiesEvery - 1)
                (truth, learnsUntil) = (QuotaRules.Begin(policy, leasesUntil <= Moment, Moment), leasesUntil);
            while (messages.TryPeek(out _, out var due) && due.At <= now)
                messages.Dequeue()();
            for (var i = 0; i < all.Count; i++)
            {
                if (now % jumpsEvery == 0)
                    all[i].Demand = demand(i, now, random);
                Ask(all[i]);
                Exchange(all[i]);
            }
            Worst = Math.Max(Worst, Admitted - (policy.Rate * now / 1_000) - lowest);
            lowest = Math.Min(lowest, Admitted - (policy.Rate * now / 1_000));
        }
    }

    private DateTimeOffset Moment => DateTimeOffset.UnixEpoch.AddMilliseconds(now);

    private Process Begun()
    {
        arrivals++;
        return new Process($"p{names++}", QuotaBucket.Begin(policy, now * Step)) { NextAt = now };
    }

    private void Ask(Process process)
    {
        var isStale = now - process.ConfirmedAt > LeaseFor.TotalMilliseconds;
        if (isStale && process.Bucket.Share > 0)
            StaleSeconds += process.Bucket.Share / (double)QuotaRules.Whole / 1_000;
        process.Bucket = process.Bucket.Flowed(policy, now * Step, isStale);
        for (process.Wants += process.Demand / 1_000; process.Wants >= 1; process.Wants--)
        {
            Asked++;
            process.Asked = process.Asked.With(now * Step, 1);
            var takes = process.Bucket.Level >= 1;
            if (takes)
            {
                process.Bucket = process.Bucket with { Level = process.Bucket.Level - 1 };
                Admitted++;
            }
            if ((!takes || process.Bucket.Level < policy.Burst * process.Bucket.Share / QuotaRules.Whole / 2) && now >= process.MayHurryAt)
                (process.NextAt, process.MayHurryAt) = (Math.Min(process.NextAt, now), now + HurriedEvery);
        }
    }

    private void Exchange(Process process)
    {
        if (process.IsExchanging || now < process.NextAt)
            return;
        process.IsExchanging = true;
        process.Asked = process.Asked.With(now * Step, 0);
        var (uses, demand, began) = (process.Bucket.Share, process.Asked.PerSecond(now * Step), now);
        var answered = false;
        Send(() =>
        {
            leasesUntil = leasesUntil >= Moment + LeaseFor ? leasesUntil : Moment + LeaseFor + TimeSpan.FromSeconds(5);
            (truth, var grant) = QuotaRules.Exchange(truth, process.Name, uses, demand, policy, Moment < learnsUntil, LeaseFor, Moment);
            if (grant.IsShort)
                AskOthers(process);
            var (number, version) = (++grants, ++sent);
            Send(() =>
            {
                answered = true;
                process.ConfirmedAt = began;
                Take(process, grant.Share, grant.Tokens, number, version);
                (process.IsExchanging, process.NextAt) = (false, Math.Min(now + ExchangeEvery, process.IsHurried ? now : long.MaxValue));
                process.IsHurried = false;
            });
        });
        // An answer that comes after this counts no more, as that of a call that was given up.
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
            Send(() => Take(other, share, 0, 0, version, asks: true));
        }
    }

    private void Take(Process process, int share, double tokens, long number, long version, bool asks = false)
    {
        if (version < process.Version)
            return;
        var shrank = asks || share < process.Bucket.Share;
        process.Bucket = process.Bucket.Shared(policy, share, tokens, number, now * Step);
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

    private sealed class Process(string name, QuotaBucket bucket)
    {
        public string Name => name;

        public QuotaBucket Bucket { get; set; } = bucket;

        public double Demand { get; set; }

        public double Wants { get; set; }

        public DemandWindow Asked { get; set; }

        public long AskedAt { get; set; }

        public long Version { get; set; }

        public long ConfirmedAt { get; set; } = long.MinValue / 2;

        public long NextAt { get; set; }

        public long MayHurryAt { get; set; }

        public bool IsExchanging { get; set; }

        public bool IsHurried { get; set; }
    }
}
