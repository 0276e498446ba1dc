namespace Sophia.Quality;

/// <summary>When a stream's rows came and how many a day, from the log's own times; bounded, so that volume and freshness can be held against their history.</summary>
internal sealed class Arrivals
{
    /// <summary>Days that are remembered.</summary>
    public const int MaxDays = 60;

    /// <summary>Runs that are remembered.</summary>
    public const int MaxRuns = 40;

    /// <summary>Fewer days or runs than this are no history to compare with.</summary>
    public const int LeastHistory = 3;

    private readonly SortedDictionary<DateOnly, long> days = [];
    private readonly List<(string Run, DateTimeOffset At)> runs = [];
    private readonly HashSet<string> pipelines = new(StringComparer.Ordinal);

    public DateTimeOffset? Newest { get; private set; }

    /// <summary>The pipelines that wrote to it, as the names of their runs say.</summary>
    public IEnumerable<string> Pipelines => pipelines.Order(StringComparer.Ordinal);

    public IReadOnlyDictionary<DateOnly, long> Days => days;

    public void Note(DateTimeOffset at, string run)
    {
        Newest = Newest > at ? Newest : at;
        var day = DateOnly.FromDateTime(at.UtcDateTime);
        days[day] = days.GetValueOrDefault(day) + 1;
        if (days.Count > MaxDays)
            days.Remove(days.Keys.First());
        if (run.Length == 0 || (runs.Count > 0 && runs[^1].Run == run))
            return;
        runs.Add((run, at));
        if (runs.Count > MaxRuns)
            runs.RemoveAt(0);
        if (PipelineOf(run) is { } pipeline && pipelines.Count < 100)
            pipelines.Add(pipeline);
    }

    /// <summary>What stands out against the history; empty where nothing does, or where there is too little of it.</summary>
    public IEnumerable<(string Rule, string Value, string Expected, string Reason)> Unusual(DateTimeOffset now)
    {
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        long[] whole = [.. days.Where(day => day.Key < today).Select(day => day.Value)];
        if (whole.Length > LeastHistory && Median([.. whole[..^1].Select(count => (double)count)]) is var usual && (whole[^1] < usual / 2 || whole[^1] > usual * 3))
            yield return ("volume", $"{whole[^1]}", $"half to three times {usual:0}", $"The last whole day with rows brought {whole[^1]} of them; the days before brought {usual:0} in the median.");
        double[] gaps = [.. runs.Zip(runs.Skip(1), (earlier, later) => (later.At - earlier.At).TotalSeconds).Where(gap => gap > 0)];
        if (gaps.Length >= LeastHistory && Newest is { } newest && Median(gaps) is var gap && (now - newest).TotalSeconds > 3 * gap)
            yield return ("freshness", Words(now - newest), $"at most {Words(TimeSpan.FromSeconds(3 * gap))}", $"Nothing new for {Words(now - newest)}; runs that bring something come every {Words(TimeSpan.FromSeconds(gap))} in the median.");
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values.Length % 2 == 1 ? values[values.Length / 2] : (values[values.Length / 2 - 1] + values[values.Length / 2]) / 2;
    }

    private static string Words(TimeSpan time) => time.TotalDays >= 2 ? $"{time.TotalDays:0} days" : time.TotalHours >= 2 ? $"{time.TotalHours:0} hours" : time.TotalMinutes >= 2 ? $"{time.TotalMinutes:0} minutes" : $"{time.TotalSeconds:0} seconds";

    /// <summary>The pipeline of a run's name ("crm-20260102-030405-17", "crm-op-…").</summary>
    private static string? PipelineOf(string run)
    {
        var parts = run.Split('-');
        var named = parts.Length >= 3 && parts[^2] == "op" ? 2 : parts.Length >= 4 && parts[^3].Length == 8 && parts[^2].Length == 6 ? 3 : 0;
        return named == 0 ? null : string.Join('-', parts[..^named]);
    }
}
