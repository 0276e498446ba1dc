namespace Sophia.Resilience;

/// <summary>A world of one thread and a clock that jumps: whatever is ready runs first, in its order; then the clock jumps to the next timer. The same program always takes the same way.</summary>
internal sealed class OneThread : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Do, object? With)> ready = new();
    private readonly PriorityQueue<Alarm, (long At, long Number)> timers = new();
    private long now, numbers;

    public OneThread() => Time = new Clock(this);

    public TimeProvider Time { get; }

    public TimeSpan Now => TimeSpan.FromTicks(now);

    public Task Pause(TimeSpan span, CancellationToken cancellation = default) => Task.Delay(span, Time, cancellation);

    /// <summary>Runs until the work is done, and throws what it throws. Fails where it waits for nothing.</summary>
    public void Run(Func<Task> work)
    {
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            var task = work();
            while (true)
            {
                while (ready.TryDequeue(out var next))
                    next.Do(next.With);
                if (task.IsCompleted)
                    break;
                if (!timers.TryDequeue(out var due, out var at))
                    throw new InvalidOperationException("Nothing is left to happen, and the work is not done.");
                if (due.Due == at)
                {
                    now = Math.Max(now, at.At);
                    due.Fire();
                }
            }
            task.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    public override void Post(SendOrPostCallback d, object? state) => ready.Enqueue((d, state));

    private sealed class Clock(OneThread world) : TimeProvider
    {
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => world.now;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(world.now);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var alarm = new Alarm(world, () => callback(state));
            alarm.Change(dueTime, period);
            return alarm;
        }
    }

    private sealed class Alarm(OneThread world, Action callback) : ITimer
    {
        public (long At, long Number)? Due { get; private set; }

        public void Fire()
        {
            Due = null;
            callback();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due = dueTime == Timeout.InfiniteTimeSpan ? null : (world.now + dueTime.Ticks, ++world.numbers);
            if (Due is { } at)
                world.timers.Enqueue(this, at);
            return true;
        }

        public void Dispose() => Due = null;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
