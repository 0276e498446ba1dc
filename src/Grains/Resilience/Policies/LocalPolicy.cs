using Sophia.Operations;

namespace Sophia.Resilience;

/// <summary>One policy as this process carries it out: a place, then attempts within their time, each asked of the breaker, with pauses between them as long as rules and budget allow.</summary>
/// <remarks>All that decides is pure (<see cref="RetryRules"/>, <see cref="DeadlineRules"/>, <see cref="HedgeRules"/>, <see cref="RetryBudget"/>); this only waits, calls and counts.</remarks>
internal sealed class LocalPolicy(string dependency, PolicyOptions options, IBreaker breaker, Random random, TimeProvider time, Action? used = null) : IPolicy
{
    private readonly Bulkhead places = new(new BulkheadBound(options.MostAtOnce, options.MostWaiting, options.Within), time);
    private readonly ObservedTimes times = new();
    private readonly PolicyTally tally = new();

    public string Dependency => dependency;

    public string Fallback => options.Fallback;

    public PolicyOptions Options => options;

    internal RetryBudget Budget { get; } = new(options.BudgetShare, options.BudgetFloor, options.BudgetWindow, time);

    public PolicySeen Seen
    {
        get
        {
            var (seen, p95) = times.Now;
            return tally.Seen(dependency, Budget.Left, places.Counts, seen == 0 ? 0 : p95.TotalMilliseconds);
        }
    }

    public async ValueTask<T> Run<T>(PolicyCall<T> call, CancellationToken cancellation)
    {
        used?.Invoke();
        var began = time.GetTimestamp();
        var total = DeadlineRules.Total(options, Deadline.Left(time));
        if (total <= TimeSpan.Zero)
            throw Refused(PolicyRefusalReason.Deadline, "The time that the caller gave is over.", null);
        tally.Called();
        Budget.Called();
        var entry = await places.Enter(cancellation);
        if (entry.Refusal != BulkheadRefusal.None)
            throw Refused(PolicyRefusalReason.Full, $"{options.MostAtOnce} calls to {dependency} are under way, as many as may be", entry.RetryAt);
        using var place = entry.Place;
        for (var attempts = 1; ; attempts++)
        {
            var tried = new PolicyTry<T>(call, this, () => total - time.GetElapsedTime(began), total < options.Within, cancellation);
            try
            {
                return await Hedged(tried);
            }
            catch (Exception failed) when (tried.Of(failed) is { } failure && !cancellation.IsCancellationRequested)
            {
                var verdict = RetryRules.After(attempts, failure, call.IsIdempotent, options, total - time.GetElapsedTime(began), random.NextDouble());
                // The budget is asked twice: nobody waits in vain where it is spent, and what counts is when the repetition is made.
                if (verdict.Repeats && Budget.Left > 0)
                    await Task.Delay(verdict.Pause, time, cancellation);
                if (verdict.Repeats && !Budget.TryTake())
                    verdict = RetryVerdict.No(RetryEnd.Budget);
                tally.Ended(dependency, failure, verdict);
                if (!verdict.Repeats)
                    throw;
                call.Repeats?.Invoke(failed, attempts);
            }
        }
    }

    public async ValueTask<BreakerEntry> Begin(CancellationToken cancellation, bool isRepetition = false)
    {
        used?.Invoke();
        var entry = await breaker.Enter(cancellation);
        if (entry.IsRefused)
        {
            tally.Refused(dependency, PolicyRefusalReason.Breaker);
            return entry;
        }
        if (!isRepetition)
        {
            // Only what is made gives the budget more: whoever waits and asks again does not.
            tally.Called();
            Budget.Called();
        }
        return entry;
    }

    public bool TryRepeat(bool hasOwn = false)
    {
        used?.Invoke();
        var granted = hasOwn || Budget.TryTake();
        tally.Ended(dependency, default, granted ? new RetryVerdict(true, default, RetryEnd.None) : RetryVerdict.No(RetryEnd.Budget));
        return granted;
    }

    public TimeSpan Pause(int failures) => RetryRules.Pause(failures, options, random.NextDouble());

    /// <summary>One permit of the breaker, or why there is none.</summary>
    internal async ValueTask<BreakerPermit> Permit(CancellationToken cancellation)
    {
        var entry = await breaker.Enter(cancellation);
        return entry.IsRefused ? throw Refused(PolicyRefusalReason.Breaker, entry.Refusal.Text, entry.Refusal.RetryAt) : entry.Permit;
    }

    internal TimeProvider Time => time;

    internal void Answered(TimeSpan took) => times.Add(took);

    private async Task<T> Hedged<T>(PolicyTry<T> tried)
    {
        var (seen, p95) = times.Now;
        var first = tried.Go();
        if (first.IsCompleted || HedgeRules.Delay(options, tried.Call.IsIdempotent, seen, p95, tried.Given.For) is not { } delay)
            return await first;
        if (await IsFirst(first, delay) || !Budget.TryTake())
            return await first;
        tally.Hedged(dependency);
        return await tried.With(first);
    }

    private async Task<bool> IsFirst(Task first, TimeSpan delay)
    {
        using var stop = new CancellationTokenSource();
        var pause = Task.Delay(delay, time, stop.Token);
        var isFirst = await Task.WhenAny(first, pause) == first;
        stop.Cancel(); // Here and now: nothing of it may run elsewhere.
        return isFirst;
    }

    private PolicyRefusedException Refused(PolicyRefusalReason reason, string text, DateTimeOffset? retryAt)
    {
        tally.Refused(dependency, reason);
        return new PolicyRefusedException(reason, dependency, text, retryAt);
    }
}
