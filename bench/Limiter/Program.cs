using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Threading.RateLimiting;
using Sophia.Bench;
using Sophia.Resilience;

// sophia bench limiter [--seconds N] [--silos-seconds N] [--only limiters|divided|silos] [--json]: nanoseconds a decision costs, beside System.Threading.RateLimiting's limiter of the same kind, in turns, with one and with four threads on one limiter;
// then what four silos admit together of what may pass. In the first part all decisions admit: what refuses is cheaper on both sides.
var json = args.Contains("--json");
var time = Seconds("--seconds", 2);
var only = args.SkipWhile(arg => arg != "--only").Skip(1).FirstOrDefault();
const int Rate = 1_000_000_000, Rounds = 3;
const long Second = Nanoseconds.ASecond;
foreach (var threads in only is null or "limiters" ? (int[])[1, 4] : [])
{
    Beside($"token bucket, {threads} threads", threads, () => new BucketLimiter(new TokenBucketRule(Rate, Second, Rate), TimeProvider.System),
        () => new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions { TokenLimit = Rate, TokensPerPeriod = Rate / 100, ReplenishmentPeriod = TimeSpan.FromMilliseconds(10), QueueLimit = 0, AutoReplenishment = true }));
    Beside($"fixed window, {threads} threads", threads, () => new Limiter<FixedWindowRule.State>(new FixedWindowRule(Rate, Second), TimeProvider.System),
        () => new FixedWindowRateLimiter(new FixedWindowRateLimiterOptions { PermitLimit = Rate, Window = TimeSpan.FromSeconds(1), QueueLimit = 0 }));
    Beside($"sliding window, {threads} threads", threads, () => new Limiter<SlidingWindowRule.State>(new SlidingWindowRule(Rate, Second), TimeProvider.System),
        () => new SlidingWindowRateLimiter(new SlidingWindowRateLimiterOptions { PermitLimit = Rate, Window = TimeSpan.FromSeconds(1), SegmentsPerWindow = SlidingWindowRule.DefaultSegments, QueueLimit = 0 }));
    Beside($"concurrency, {threads} threads", threads, () => new Limiter<ConcurrencyRule.State>(new ConcurrencyRule(100), TimeProvider.System),
        () => new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = 100, QueueLimit = 0 }), returns: true);
    Beside($"three nested buckets, {threads} threads", threads,
        () => new NestedLimiter([.. Enumerable.Range(0, 3).Select(_ => new BucketLimiter(new TokenBucketRule(Rate, Second, Rate), TimeProvider.System))]), null);
}

if (only is null or "divided")
    await FourSilos.Cost((name, nanoseconds, theirs) => Print(name, nanoseconds, theirs));
if (only is null or "silos" && Seconds("--silos-seconds", 10) is var silos && silos > TimeSpan.Zero)
    await FourSilos.Run(silos, (name, part) => Console.WriteLine(json
        ? JsonSerializer.Serialize(new { bench = name, figure = Math.Round(part * 100, 2), unit = "% of what may pass" })
        : string.Create(CultureInfo.InvariantCulture, $"{name,-48} {part * 100,8:0.00} % of what may pass")));

TimeSpan Seconds(string option, double usual) => TimeSpan.FromSeconds(args.SkipWhile(arg => arg != option).Skip(1).FirstOrDefault() is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : usual);

void Beside(string name, int threads, Func<Limiter> ours, Func<RateLimiter>? theirs, bool returns = false)
{
    var (own, other) = (new List<double>(), new List<double>());
    for (var round = 0; round < Rounds; round++)
    {
        var limiter = ours();
        own.Add(Cost(threads, time, () =>
        {
            if (limiter.Ask().IsAdmitted && returns)
                limiter.GiveBack();
        }));
        if (theirs is null)
            continue;
        using var known = theirs();
        other.Add(Cost(threads, time, () =>
        {
            using var lease = known.AttemptAcquire();
        }));
    }
    Print(name, Median(own), other.Count == 0 ? null : Median(other));
}

void Print(string name, double figure, double? baseline) => Console.WriteLine(json
    ? JsonSerializer.Serialize(new { bench = name, figure = Math.Round(figure, 1), unit = "ns/decision", baseline = baseline is { } b ? Math.Round(b, 1) : (double?)null, ratio = baseline is { } c ? Math.Round(figure / c, 2) : (double?)null })
    : string.Create(CultureInfo.InvariantCulture, $"{name,-34} {figure,8:0.0} ns a decision{(baseline is { } d ? $"   System.Threading.RateLimiting {d,8:0.0} ns   ratio {figure / d:0.00}" : "")}"));

// Wall time of one thread's decision: with four threads on one limiter it holds what they wait for each other.
static double Cost(int threads, TimeSpan time, Action decide)
{
    Loop(time / 4);
    return Loop(time);

    double Loop(TimeSpan duration)
    {
        var until = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        var counts = new long[threads];
        var clock = Stopwatch.StartNew();
        var workers = Enumerable.Range(0, threads).Select(number => new Thread(() =>
        {
            var done = 0L;
            while (Stopwatch.GetTimestamp() < until)
            {
                for (var i = 0; i < 1_000; i++)
                    decide();
                done += 1_000;
            }
            counts[number] = done;
        })).ToList();
        workers.ForEach(worker => worker.Start());
        workers.ForEach(worker => worker.Join());
        return clock.Elapsed.TotalNanoseconds * threads / counts.Sum();
    }
}

static double Median(List<double> figures) => figures.Order().ElementAt(figures.Count / 2);
