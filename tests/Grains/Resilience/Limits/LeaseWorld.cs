namespace Sophia.Resilience;

/// <summary>Processes that lease parts of one limit from the truth that divides it, in steps of a millisecond, over messages that take their time and may be lost.</summary>
internal abstract class LeaseWorld<TProcess>(QuotaPolicy policy, TimeSpan holds, int seed)
    where TProcess : LeaseWorld<TProcess>.Leaser
{
    private const int ExchangeEvery = 5_000, HurriedEvery = 100, RetryAfter = 1_000, SlowestMessage = 40, AskEvery = 100;
    protected const long Step = Nanoseconds.ASecond / 1_000;
    protected static readonly TimeSpan LeaseFor = TimeSpan.FromSeconds(15);

    private readonly PriorityQueue<Action, (long At, long Number)> messages = new();
    private QuotaState truth = QuotaRules.Begin(policy, isFull: true, DateTimeOffset.UnixEpoch);
    private DateTimeOffset leasesUntil, learnsUntil;
    private long sent, grants, names;

    /// <summary>Share of messages that are lost.</summary>
    public double Loses { get; init; }

    /// <summary>Milliseconds; 0: never.</summary>
    public int DeathsEvery { get; init; }

    /// <inheritdoc cref="DeathsEvery"/>
    public int TruthDiesEvery { get; init; }

    /// <summary>How often one stops in order and gives back what it has. Milliseconds; 0: never.</summary>
    public int LeavesEvery { get; init; }

    public long Asked { get; protected set; }

    public long Admitted { get; protected set; }

    protected QuotaPolicy Policy => policy;

    protected Random Random { get; } = new(seed);

    protected List<TProcess> All { get; } = [];

    /// <summary>Milliseconds since the world began.</summary>
    protected long Now { get; private set; }

    private DateTimeOffset Moment => DateTimeOffset.UnixEpoch.AddMilliseconds(Now);

    /// <param name="ask">What a process does in each millisecond.</param>
    /// <param name="dies">One of all is to end, and another to begin in its place.</param>
    protected void Run(int seconds, int processes, Func<int, long, Random, double> demand, int jumpsEvery, Action<TProcess> ask, Action<int> dies, Action arrived, Action check)
    {
        for (var i = 0; i < processes; i++)
            All.Add(Begun());
        for (; Now < seconds * 1_000L; Now++)
        {
            if (DeathsEvery > 0 && Now % DeathsEvery == DeathsEvery - 1)
                dies(Random.Next(All.Count));
            if (LeavesEvery > 0 && Now % LeavesEvery == LeavesEvery - 1)
            {
                var which = Random.Next(All.Count);
                var (name, (uses, tokens)) = (All[which].Name, Leaves(All[which]));
                Send(() => truth = QuotaRules.Left(truth, name, uses, tokens, policy, Moment + holds, Moment));
                dies(which);
            }
            if (TruthDiesEvery > 0 && Now % TruthDiesEvery == TruthDiesEvery - 1)
                (truth, learnsUntil) = (QuotaRules.Begin(policy, leasesUntil <= Moment, Moment), leasesUntil);
            while (messages.TryPeek(out _, out var due) && due.At <= Now)
                messages.Dequeue()();
            arrived();
            for (var i = 0; i < All.Count; i++)
            {
                if (Now % jumpsEvery == 0)
                    All[i].Demand = demand(i, Now, Random);
                ask(All[i]);
                Exchange(All[i]);
            }
            check();
        }
    }

    protected abstract TProcess Begun();

    protected string NextName() => $"p{names++}";

    /// <summary>What a process says that it uses and wants.</summary>
    protected abstract (int Uses, double Demand) Says(TProcess process);

    /// <summary>What a process that stops says that it has used, and gives back.</summary>
    protected abstract (int Uses, double Tokens) Leaves(TProcess process);

    protected abstract int ShareOf(TProcess process);

    protected abstract void Shared(TProcess process, int share, double tokens, long number);

    protected bool IsStale(TProcess process) => Now - process.ConfirmedAt > LeaseFor.TotalMilliseconds;

    protected void Hurry(TProcess process)
    {
        if (Now >= process.MayHurryAt)
            (process.NextAt, process.MayHurryAt) = (Math.Min(process.NextAt, Now), Now + HurriedEvery);
    }

    private void Exchange(TProcess process)
    {
        if (process.IsExchanging || Now < process.NextAt)
            return;
        process.IsExchanging = true;
        process.Asked = process.Asked.With(Now * Step, 0);
        var ((uses, demand), began) = (Says(process), Now);
        var answered = false;
        Send(() =>
        {
            leasesUntil = leasesUntil >= Moment + holds ? leasesUntil : Moment + holds + TimeSpan.FromSeconds(5);
            (truth, var grant) = QuotaRules.Exchange(truth, process.Name, uses, demand, policy, Moment < learnsUntil, holds, Moment);
            if (grant.IsShort)
                AskOthers(process);
            var (number, version) = (++grants, ++sent);
            Send(() =>
            {
                answered = true;
                process.ConfirmedAt = began;
                Take(process, grant.Share, grant.Tokens, number, version);
                (process.IsExchanging, process.NextAt) = (false, Math.Min(Now + ExchangeEvery, process.IsHurried ? Now : long.MaxValue));
                process.IsHurried = false;
            });
        });
        // An answer that comes after this counts no more, as that of a call that was given up.
        messages.Enqueue(() =>
        {
            if (!answered)
                (process.IsExchanging, process.NextAt) = (false, Now);
        }, (Now + RetryAfter, ++sent));
    }

    private void AskOthers(TProcess asked)
    {
        var targets = QuotaRules.Targets(truth.Holders, policy);
        var version = ++sent;
        foreach (var other in All.Where(one => one != asked && one.AskedAt + AskEvery <= Now && targets.ContainsKey(one.Name)))
        {
            other.AskedAt = Now;
            var share = Math.Min(targets[other.Name], truth.Holders.First(holder => holder.Process == other.Name).Held);
            Send(() => Take(other, share, 0, 0, version, asks: true));
        }
    }

    private void Take(TProcess process, int share, double tokens, long number, long version, bool asks = false)
    {
        if (version < process.Version)
            return;
        var shrank = asks || share < ShareOf(process);
        Shared(process, share, tokens, number);
        process.Version = version;
        if (shrank && process.IsExchanging)
            process.IsHurried = true;
        else if (shrank)
            process.NextAt = Now;
    }

    private void Send(Action arrives)
    {
        if (Random.NextDouble() >= Loses)
            messages.Enqueue(arrives, (Now + Random.Next(1, SlowestMessage), ++sent));
    }

    /// <summary>One that leases.</summary>
    internal abstract class Leaser(string name, long nextAt)
    {
        public string Name => name;

        public double Demand { get; set; }

        public double Wants { get; set; }

        public DemandWindow Asked { get; set; }

        public long AskedAt { get; set; }

        public long Version { get; set; }

        public long ConfirmedAt { get; set; } = long.MinValue / 2;

        public long NextAt { get; set; } = nextAt;

        public long MayHurryAt { get; set; }

        public bool IsExchanging { get; set; }

        public bool IsHurried { get; set; }
    }
}
