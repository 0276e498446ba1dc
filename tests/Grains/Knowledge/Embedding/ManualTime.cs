using System.Threading.Channels;

namespace Sophia.Knowledge;

/// <summary>A clock that a test moves; timers fire while it moves. That a timer was set can be waited for.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<Alarm> timers = [];
    private readonly Channel<bool> set = Channel.CreateUnbounded<bool>();
    private long now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref now);

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(GetTimestamp());

    /// <summary>Returns when a timer is set to fire, once for each time that one is.</summary>
    public async Task TimerSet() => await set.Reader.ReadAsync();

    public void Advance(TimeSpan by)
    {
        Interlocked.Add(ref now, by.Ticks);
        List<Alarm> due;
        lock (gate)
            due = [.. timers.Where(timer => timer.At <= now)];
        foreach (var timer in due)
            timer.Fire();
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Alarm(this, () => callback(state));
        lock (gate)
            timers.Add(timer); // Before anybody is told that it is set.
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Alarm(ManualTime time, Action callback) : ITimer
    {
        public long At { get; private set; } = long.MaxValue;

        public void Fire()
        {
            At = long.MaxValue;
            callback();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            At = dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : time.GetTimestamp() + dueTime.Ticks;
            if (At != long.MaxValue)
                time.set.Writer.TryWrite(true);
            return true;
        }

        public void Dispose() => At = long.MaxValue;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
