namespace Sophia.Security;

/// <summary>A clock that stands until a test moves it.</summary>
internal sealed class SteppedTime : TimeProvider
{
    private readonly List<Alarm> alarms = [];
    private DateTimeOffset now = DateTimeOffset.UnixEpoch;

    public override DateTimeOffset GetUtcNow() => now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => now.UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var alarm = new Alarm(() => callback(state), period, now + dueTime);
        lock (alarms)
            alarms.Add(alarm);
        return alarm;
    }

    public void Advance(TimeSpan by)
    {
        now += by;
        lock (alarms)
            foreach (var alarm in alarms)
                alarm.RingUntil(now);
    }

    private sealed class Alarm(Action ring, TimeSpan every, DateTimeOffset next) : ITimer
    {
        private bool stopped;

        public void RingUntil(DateTimeOffset now)
        {
            for (; !stopped && next <= now; next += every)
                ring();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => !stopped;

        public void Dispose() => stopped = true;

        public ValueTask DisposeAsync()
        {
            stopped = true;
            return ValueTask.CompletedTask;
        }
    }
}
