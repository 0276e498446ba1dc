namespace Sophia.Resilience;

/// <summary>When one breaker opens, and how it comes back.</summary>
public sealed record BreakerOptions
{
    /// <summary>Failures in a row, in one process, that open it. Default 5, range 1 to 10,000; 0: not counted.</summary>
    public int ConsecutiveFailures { get; init; } = 5;

    /// <summary>Share of failing calls in the window that opens it. Default 0.5, over 0 up to 1; 0: not counted.</summary>
    public double FailureRatio { get; init; } = 0.5;

    /// <summary>Share of slow calls in the window that opens it. Default 0.9, over 0 up to 1; 0: not counted.</summary>
    public double SlowRatio { get; init; } = 0.9;

    /// <summary>A call that takes this long is slow, whatever it answers. Default 30 s, range 1 ms to 1 hour.</summary>
    public TimeSpan SlowAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Calls in the window before a share means anything. Default 20, range 1 to 1,000,000.</summary>
    public int MinimumCalls { get; init; } = 20;

    /// <summary>How long a call is remembered. Default 30 s, range 1 s to 1 hour. It slides in tenths.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long it is open the first time. Default 10 s, range 100 ms to 1 hour.</summary>
    public TimeSpan BreakFor { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>By what the break grows each time that it opens again before it was steadily closed. Default 2, range 1 to 10; 1: it does not grow.</summary>
    public double BreakFactor { get; init; } = 2;

    /// <summary>The longest break. Default 5 minutes, at least <see cref="BreakFor"/>, at most a day.</summary>
    public TimeSpan LongestBreak { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Probes of a half-open breaker, in the whole cluster; all must succeed. Default 3, range 1 to 100.</summary>
    public int Probes { get; init; } = 3;

    /// <summary>After this time a probe that nobody reported on is given anew. Default 1 minute, range 1 s to 1 hour. It begins in the first half: twice as long as a call may take, or there may be more calls than probes.</summary>
    public TimeSpan ProbeFor { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Of a hundred calls, how many are let through step by step after the probes. Default 10, 25, 50, 100; rising, from 1 to 100; none: it closes at once.</summary>
    public IReadOnlyList<int> Ramp { get; init; } = [10, 25, 50, 100];

    /// <summary>How long each step of the ramp takes. Default 5 s, range 100 ms to 1 hour.</summary>
    public TimeSpan RampStepFor { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>More than this share of the processes that call the dependency must see it failing before it opens for all. Default 0.5: the majority; range 0 (one is enough) to 0.99.</summary>
    public double Quorum { get; init; } = 0.5;

    /// <summary>Refuse nobody, and only say what would have been. Default no.</summary>
    public bool MetricsOnly { get; init; }

    /// <summary>Outcomes that are failures of the dependency. Default: unreachable, timed out, failed, bad answer. Who is throttled should ask less, which is another's matter.</summary>
    public IReadOnlySet<CallOutcome> Failures { get; init; } = new SortedSet<CallOutcome> { CallOutcome.Unreachable, CallOutcome.TimedOut, CallOutcome.Failed, CallOutcome.BadAnswer };

    /// <summary>What this process goes by while the truth cannot be reached: half as much opens the breaker here.</summary>
    public BreakerOptions Tightened => this with
    {
        ConsecutiveFailures = (ConsecutiveFailures + 1) / 2, FailureRatio = FailureRatio / 2, SlowRatio = SlowRatio / 2, MinimumCalls = (MinimumCalls + 1) / 2,
    };

    /// <summary>What is out of its range, in one sentence; null: nothing.</summary>
    public string? Wrong() =>
        ConsecutiveFailures is < 0 or > 10_000 ? "consecutive must lie between 0 and 10,000"
        : FailureRatio is not (>= 0 and <= 1) ? "ratio must lie between 0 and 1"
        : SlowRatio is not (>= 0 and <= 1) ? "slow-ratio must lie between 0 and 1"
        : SlowAfter < TimeSpan.FromMilliseconds(1) || SlowAfter > Hour ? "slow must lie between 1 ms and 1 hour"
        : MinimumCalls is < 1 or > 1_000_000 ? "minimum must lie between 1 and 1,000,000"
        : Window < TimeSpan.FromSeconds(1) || Window > Hour ? "window must lie between 1 s and 1 hour"
        : BreakFor < Shortest || BreakFor > Hour ? "break must lie between 100 ms and 1 hour"
        : BreakFactor is not (>= 1 and <= 10) ? "factor must lie between 1 and 10"
        : LongestBreak < BreakFor || LongestBreak > TimeSpan.FromDays(1) ? "longest-break must lie between break and a day"
        : Probes is < 1 or > 100 ? "probes must lie between 1 and 100"
        : ProbeFor < TimeSpan.FromSeconds(1) || ProbeFor > Hour ? "probe must lie between 1 s and 1 hour"
        : Ramp.Any(share => share is < 1 or > 100) || Ramp.Zip(Ramp.Skip(1)).Any(pair => pair.First >= pair.Second) ? "ramp must rise, from 1 to 100"
        : RampStepFor < Shortest || RampStepFor > Hour ? "ramp-step must lie between 100 ms and 1 hour"
        : Quorum is not (>= 0 and <= 0.99) ? "quorum must lie between 0 and 0.99"
        : Failures.Count == 0 ? "failures names at least one outcome"
        : ConsecutiveFailures == 0 && FailureRatio == 0 && SlowRatio == 0 ? "nothing would open it: consecutive, ratio and slow-ratio are all 0"
        : null;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1), Shortest = TimeSpan.FromMilliseconds(100);
}

/// <summary>The options of all dependencies.</summary>
public sealed class BreakersOptions
{
    /// <summary>For every dependency that has none of its own.</summary>
    public BreakerOptions Default { get; set; } = new();

    /// <summary>By the name of the dependency.</summary>
    public IDictionary<string, BreakerOptions> Dependencies { get; } = new SortedDictionary<string, BreakerOptions>(StringComparer.Ordinal);

    /// <summary>In whose audit it is written that a breaker of the whole installation opened or closed. Default "default", the tenant that looks after it.</summary>
    public string AuditedIn { get; set; } = "default";

    public BreakerOptions Of(string dependency) => Dependencies.TryGetValue(dependency, out var own) ? own : Default;

    internal string? Wrong() => Default.Wrong() ?? Dependencies.Select(one => one.Value.Wrong() is { } wrong ? $"{one.Key}: {wrong}" : null).FirstOrDefault(wrong => wrong is not null);
}
