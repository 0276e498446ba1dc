using System.Globalization;
using Sophia.Pipelines;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Policies and bulkheads as people are shown them. Pure.</summary>
internal static class PolicyViews
{
    public static PoliciesView Of(TenantId owner, IReadOnlyList<(string Name, PolicyReport Report)> said, PoliciesOptions policies, TenantBounds bounds) => new(
        owner.Value,
        [.. said.SelectMany(one => one.Report.Policies.Select(seen => new PolicyProcess(one.Name, seen))).GroupBy(one => one.Seen.Dependency, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => Policy(owner, group.Key, policies.Of(group.Key), [.. group]))],
        [.. Enum.GetValues<BulkheadKind>().Select(kind => Bulkhead(owner, kind, bounds.Of(kind), [.. said.SelectMany(one => one.Report.Bulkheads.Where(seen => seen.Kind == BulkheadMeter.Word(kind)).Select(seen => new BulkheadProcess(one.Name, seen)))]))
            .Where(view => view.Processes.Count > 0)],
        said.Sum(one => one.Report.HeldBytes), bounds.HeldBytes);

    /// <summary>How a dependency is called, in one line.</summary>
    public static string Rule(string dependency, PolicyOptions options) => PolicyNames.IsSource(dependency) ? OfSource(options) : string.Create(CultureInfo.InvariantCulture,
        $"waits {Span(options.AttemptWithin)} for an attempt and {Span(options.Within)} in all; {Repeats(options)}{Hedges(options)}; at most {options.MostAtOnce} calls at a time, {options.MostWaiting} wait");

    private static string OfSource(PolicyOptions options) => string.Create(CultureInfo.InvariantCulture,
        $"is a reading by a run, which gives up after {Span(RunPump.LongestSourceWait)} without getting any further; after a failure its source is left alone from {Span(options.RetryAfter)} on, doubling up to {Span(options.LongestRetryAfter)}, and is read again at most {options.BudgetFloor} times and {options.BudgetShare * 100:0.##} % of the calls of {Span(options.BudgetWindow)}, and by each lane once in {Span(SourceTries.OwnEvery)} beside");

    private static string Repeats(PolicyOptions options) => options.Retries == 0 ? "no repetition" : string.Create(CultureInfo.InvariantCulture,
        $"{options.Retries} repetition{(options.Retries == 1 ? "" : "s")} from {Span(options.RetryAfter)} on, doubling up to {Span(options.LongestRetryAfter)}, at most {options.BudgetFloor} and {options.BudgetShare * 100:0.##} % of the calls of {Span(options.BudgetWindow)}");

    private static string Hedges(PolicyOptions options) => options.Hedge switch
    {
        HedgeMode.Delay => $"; a hedge after {Span(options.HedgeAfter)}",
        HedgeMode.P95 => $"; a hedge after the 95th percentile of the answers, {Span(options.HedgeAfter)} at least",
        _ => "",
    };

    private static PolicyView Policy(TenantId owner, string dependency, PolicyOptions options, IReadOnlyList<PolicyProcess> processes)
    {
        var seen = processes.Select(one => one.Seen).ToArray();
        List<string> because = [];
        Say(because, seen.Sum(one => one.RefusedByBreaker), "not made because the breaker was open");
        Say(because, seen.Sum(one => one.RefusedFull), "not made because all places were taken");
        Say(because, seen.Sum(one => one.RefusedLate), "not made because nobody waited any more");
        Say(because, seen.Sum(one => one.OutOfBudget), "not repeated because the budget was spent");
        Say(because, seen.Sum(one => one.OutOfTime), "not repeated for want of time");
        if (seen.Sum(one => one.InLine) is > 0 and var waiting)
            because.Add(string.Create(CultureInfo.InvariantCulture, $"{waiting:N0} wait for a place"));
        return new PolicyView(owner.Value, dependency, Rule(dependency, options), Joined(because), options.Fallback, processes);
    }

    private static BulkheadView Bulkhead(TenantId owner, BulkheadKind kind, BulkheadBound bound, IReadOnlyList<BulkheadProcess> processes)
    {
        var seen = processes.Select(one => one.Seen).ToArray();
        List<string> because = [];
        Say(because, seen.Sum(one => one.Full), "refused because as many waited as may");
        Say(because, seen.Sum(one => one.Late), "refused because no place came free in time");
        if (seen.Sum(one => one.InLine) is > 0 and var waiting)
            because.Add(string.Create(CultureInfo.InvariantCulture, $"{waiting:N0} wait for a place"));
        var rule = string.Create(CultureInfo.InvariantCulture, $"{bound.Places:N0} at a time in each process, {bound.Waiting:N0} wait, {(bound.LongestWait == Timeout.InfiniteTimeSpan ? "as long as it takes" : $"{Span(bound.LongestWait)} each")}");
        return new BulkheadView(owner.Value, BulkheadMeter.Word(kind), bound.Places, bound.Waiting, rule, Joined(because), processes);
    }

    private static void Say(List<string> because, long count, string what)
    {
        if (count > 0)
            because.Add(string.Create(CultureInfo.InvariantCulture, $"{count:N0} {what}"));
    }

    private static string? Joined(List<string> because) => because.Count == 0 ? null : string.Join("; ", because);

    private static string Span(TimeSpan span) => span.TotalSeconds < 1 ? string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0.##} ms")
        : span.TotalSeconds <= 120 ? string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.##} s")
        : string.Create(CultureInfo.InvariantCulture, $"{span.TotalMinutes:0.##} min");
}
