namespace Sophia.Resilience;

/// <summary>Processes that ask a quota and the truth that divides it.</summary>
internal sealed class QuotaWorld(QuotaPolicy policy, int seed, int processes) : LeaseWorld<QuotaWorld.Process>(policy, LeaseFor, seed)
{
    private long arrivals;
    private double lowest;

    /// <summary>The most that was admitted between two moments beyond what flowed in between them.</summary>
    public double Worst { get; private set; }

    /// <summary>burst + processes that ever were × (arrival + 1), and a tenth of the flow for shares whose lease ended.</summary>
    public double Bound => Policy.Burst + (arrivals * (Math.Max(1, Policy.Burst / 100) + 1)) + (Policy.Rate * 0.1 * StaleSeconds);

    private double StaleSeconds { get; set; }

    public void Run(int seconds, Func<int, long, Random, double> demand, int jumpsEvery) =>
        Run(seconds, processes, demand, jumpsEvery, Ask, which => All[which] = Begun(), static () => { }, Check);

    protected override Process Begun()
    {
        arrivals++;
        return new Process(NextName(), QuotaBucket.Begin(Policy, Now * Step), Now);
    }

    protected override (int Uses, double Demand) Says(Process process) => (process.Bucket.Share, process.Asked.PerSecond(Now * Step));

    protected override (int Uses, double Tokens) Leaves(Process process) => (0, process.Bucket.Level);

    protected override int ShareOf(Process process) => process.Bucket.Share;

    protected override void Shared(Process process, int share, double tokens, long number) => process.Bucket = process.Bucket.Shared(Policy, share, tokens, number, Now * Step);

    private void Check()
    {
        Worst = Math.Max(Worst, Admitted - (Policy.Rate * Now / 1_000) - lowest);
        lowest = Math.Min(lowest, Admitted - (Policy.Rate * Now / 1_000));
    }

    private void Ask(Process process)
    {
        var isStale = IsStale(process);
        if (isStale && process.Bucket.Share > 0)
            StaleSeconds += process.Bucket.Share / (double)QuotaRules.Whole / 1_000;
        process.Bucket = process.Bucket.Flowed(Policy, Now * Step, isStale);
        for (process.Wants += process.Demand / 1_000; process.Wants >= 1; process.Wants--)
        {
            Asked++;
            process.Asked = process.Asked.With(Now * Step, 1);
            var takes = process.Bucket.Level >= 1;
            if (takes)
            {
                process.Bucket = process.Bucket with { Level = process.Bucket.Level - 1 };
                Admitted++;
            }
            if (!takes || process.Bucket.Level < Policy.Burst * process.Bucket.Share / QuotaRules.Whole / 2)
                Hurry(process);
        }
    }

    internal sealed class Process(string name, QuotaBucket bucket, long nextAt) : Leaser(name, nextAt)
    {
        public QuotaBucket Bucket { get; set; } = bucket;
    }
}
