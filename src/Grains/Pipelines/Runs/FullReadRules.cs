using System.Globalization;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>Judges what a whole source was found to hold against what it usually holds, before anything counts as vanished.</summary>
internal static class FullReadRules
{
    /// <summary>How many earlier totals are remembered.</summary>
    public const int Remembered = 5;

    /// <summary>Why nothing may count as vanished, or null. It fails the run, unless something is still being written: then the run after that judges.</summary>
    /// <param name="total">Records that the sources hold now, those of unchanged partitions included.</param>
    /// <param name="firstUnreadable">Why a partition could not be read, where one could not.</param>
    public static string? Objection(long total, IReadOnlyList<long> usual, GateDefinition gate, string? firstUnreadable)
    {
        if (total == 0 && gate.FailWhenEmpty)
            return $"The sources hold no records at all{(firstUnreadable is null ? "" : $" (the first that could not be read: {firstUnreadable})")}. Nothing was deleted. Set gate.failWhenEmpty to false where that is right.";
        if (usual.Count == 0)
            return null;
        var median = Median(usual);
        return total >= median * gate.MinimumShareOfUsual ? null : string.Create(CultureInfo.InvariantCulture,
            $"The sources hold {total} records; the median of the last {usual.Count} runs is {median:0.#}, and less than {gate.MinimumShareOfUsual:0.##} of it counts as broken. Nothing was deleted. Set gate.minimumShareOfUsual to 0 for one run where that is right.");
    }

    public static IReadOnlyList<long> Remember(IReadOnlyList<long> usual, long total) => [.. usual.Append(total).TakeLast(Remembered)];

    public static double Median(IReadOnlyList<long> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2d;
    }
}
