namespace Sophia.Log;

/// <summary>Moments as the log keeps them, in whole microseconds: what is shown before a restart is what is shown after it.</summary>
internal static class LogClock
{
    public static DateTimeOffset GetLogNow(this TimeProvider time)
    {
        var now = time.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
