using System.Globalization;

namespace Sophia.Resilience;

/// <summary>What calls of one process came to: those that are remembered, and how many failed in a row at the end.</summary>
public readonly record struct CallCounts(int Calls, int Failures, int Slow, int Consecutive);

/// <summary>What one process says of a dependency in one round.</summary>
/// <param name="OpensHere">It lets no calls through any more, so that its counts stand still.</param>
internal readonly record struct BreakerEvidence(string Process, CallCounts Counts, bool OpensHere);

/// <summary>Whether what was seen speaks against a dependency. Pure.</summary>
/// <remarks>
/// A minimum of calls is about evidence, a quorum about who sees it. A process judges itself by its own calls and its own minimum. The cluster asks two things: whether more than the quorum of the processes
/// that call the dependency see it failing, each by its own calls however few; and whether those calls together are enough. So one sick process, however busy, never opens for the others while another still
/// succeeds; and four processes with few calls each see together what none of them may conclude alone. A process that does not call has no voice.
/// </remarks>
internal static class BreakerJudge
{
    /// <summary>Why a process should let no calls through; null: it should.</summary>
    /// <param name="share">Of a hundred calls, how many are let through: fewer are enough then.</param>
    public static string? Alone(in CallCounts counts, BreakerOptions options, int share = 100) =>
        InARow(counts, options) ?? (counts.Calls >= Minimum(options, share) ? ByShare(counts, options) : null);

    /// <summary>Why nobody should let calls through; null: nobody need.</summary>
    public static string? Together(IReadOnlyCollection<BreakerEvidence> seen, BreakerOptions options, int share = 100)
    {
        var callers = seen.Count(one => one.Counts.Calls > 0);
        var against = seen.Where(one => one.Counts.Calls > 0 && Sees(one.Counts, options) is not null).ToList();
        if (against.Count == 0 || against.Count <= callers * options.Quorum)
            return null;
        var sum = new CallCounts(against.Sum(one => one.Counts.Calls), against.Sum(one => one.Counts.Failures), against.Sum(one => one.Counts.Slow), against.Max(one => one.Counts.Consecutive));
        if (InARow(sum, options) is null && sum.Calls < Minimum(options, share))
            return null;
        var why = Sees(sum, options) ?? "calls fail";
        return callers == 1 ? why : string.Create(CultureInfo.InvariantCulture, $"{why}; {against.Count} of {callers} processes that call it see that");
    }

    /// <summary>What speaks against the dependency in these calls, however few; null: nothing.</summary>
    public static string? Sees(in CallCounts counts, BreakerOptions options) => InARow(counts, options) ?? ByShare(counts, options);

    private static int Minimum(BreakerOptions options, int share) => Math.Max(1, (int)Math.Ceiling(options.MinimumCalls * share / 100.0));

    private static string? InARow(in CallCounts counts, BreakerOptions options) =>
        options.ConsecutiveFailures > 0 && counts.Consecutive >= options.ConsecutiveFailures ? string.Create(CultureInfo.InvariantCulture, $"{counts.Consecutive} failures in a row") : null;

    private static string? ByShare(in CallCounts counts, BreakerOptions options) => counts.Calls == 0 ? null
        : options.FailureRatio > 0 && counts.Failures >= options.FailureRatio * counts.Calls && counts.Failures > 0 ? string.Create(CultureInfo.InvariantCulture, $"{counts.Failures} of {counts.Calls} calls failed")
        : options.SlowRatio > 0 && counts.Slow >= options.SlowRatio * counts.Calls && counts.Slow > 0 ? string.Create(CultureInfo.InvariantCulture, $"{counts.Slow} of {counts.Calls} calls were slow")
        : null;
}
