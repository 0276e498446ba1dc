using System.Globalization;
using Quartz;

namespace Sophia.Pipelines;

/// <summary>When a pipeline runs by itself: a cron expression as Quartz reads it (UTC), or "every" and a duration of at least a minute.</summary>
internal abstract record PipelineSchedule
{
    /// <summary>The shortest interval; reminders come no more often.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);

    /// <summary>The longest interval: what a timer can wait for (2^32 ms), in whole days.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(49);

    public const string Expectation = "a cron expression (\"0 0 6 * * ?\") or \"every 5m\" of 1m to 49d";

    public sealed record Every(TimeSpan Interval) : PipelineSchedule
    {
        public override DateTimeOffset? After(DateTimeOffset moment) => moment + Interval;
    }

    public sealed record Cron(string Expression) : PipelineSchedule
    {
        public override DateTimeOffset? After(DateTimeOffset moment) => new CronExpression(Expression, TimeZoneInfo.Utc).GetNextValidTimeAfter(moment);
    }

    /// <summary>The next moment after this one, or null where there is none.</summary>
    public abstract DateTimeOffset? After(DateTimeOffset moment);

    /// <summary>A schedule, or null where the text is none. Five-field cron is taken with seconds at 0.</summary>
    public static PipelineSchedule? Parse(string text)
    {
        text = text.Trim();
        if (text.StartsWith("every ", StringComparison.OrdinalIgnoreCase))
            return Durations.TryParse(text[6..], out var interval) && interval >= Shortest && interval <= Longest ? new Every(interval) : null;
        var fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length == 5)
            text = $"0 {string.Join(' ', fields[..4])} {(fields[4] == "*" ? "?" : fields[4])}";
        return IsCron(text) ? new Cron(text) : null;
    }

    // Quartz takes a minute of 99 without a word, so the numbers are looked at here.
    private static bool IsCron(string text)
    {
        int[] most = [59, 59, 23, 31, 12, 7];
        var fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < Math.Min(fields.Length, most.Length); i++)
            foreach (var number in fields[i].Split(',', '-', '/', '#', 'L', 'W'))
                if (int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > most[i])
                    return false;
        return CronExpression.TryParse(text, out _) && new CronExpression(text, TimeZoneInfo.Utc).GetNextValidTimeAfter(DateTimeOffset.UnixEpoch) is not null;
    }
}
