using Orleans.InProcess;

namespace Sophia.Runtime.InProcess;

/// <summary>A world on one thread: a seed decides which turn runs next, and time passes only when nothing is left to run.</summary>
internal sealed class SeededWorld(int seed) : TimeProvider, IRuntimeWorld
{
    private readonly Random _random = new(seed);
    private readonly List<Action> _ready = [];
    private readonly PriorityQueue<Alarm, (long, int)> _alarms = new();
    private long _now;
    private int _alarmNumber;

    public int TurnsPerSlice => 1;

    public bool IsSingleThreaded => true;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Schedule(ITurnSource source) => _ready.Add(source.Execute);

    /// <summary>Which messages never arrive; null for none.</summary>
    public Func<Envelope, MessageLeg, bool>? IsLost { get; set; }

    public void Deliver(Envelope message, MessageLeg leg)
    {
        if (IsLost?.Invoke(message, leg) != true)
            _ready.Add(() => message.Arrive(leg));
    }

    public Guid NewGuid()
    {
        var bytes = new byte[16];
        _random.NextBytes(bytes);
        return new(bytes);
    }

    public override long GetTimestamp() => _now;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(_now);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var alarm = new Alarm(this, () => callback(state));
        alarm.Change(dueTime, period);
        return alarm;
    }

    /// <summary>Runs until the task has ended; whatever is ready runs in an order that the seed decides.</summary>
    public T Run<T>(Func<Task<T>> story)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(new Driver(this));
        try
        {
            var task = story();
            while (!task.IsCompleted)
                Step();
            return task.GetAwaiter().GetResult();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private void Step()
    {
        if (_ready.Count > 0)
        {
            var chosen = _random.Next(_ready.Count);
            var next = _ready[chosen];
            _ready.RemoveAt(chosen);
            // A turn starts as on a pool thread: with no context of the story that drives the world.
            var story = SynchronizationContext.Current;
            SynchronizationContext.SetSynchronizationContext(null);
            ExecutionContext.Run(Clean, static run => ((Action)run!)(), next);
            SynchronizationContext.SetSynchronizationContext(story);
            return;
        }
        if (!_alarms.TryDequeue(out var alarm, out var key))
            throw new InvalidOperationException("Nothing is left to run and nothing is due.");
        if (alarm.DueAt == key.Item1)
        {
            _now = Math.Max(_now, key.Item1);
            alarm.Ring();
        }
    }

    private static readonly ExecutionContext Clean = ExecutionContext.Capture()!;

    private sealed class Driver(SeededWorld world) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => world._ready.Add(() =>
        {
            SetSynchronizationContext(this);
            d(state);
        });
    }

    private sealed class Alarm(SeededWorld world, Action ring) : ITimer
    {
        private TimeSpan _period;

        public long DueAt { get; private set; } = -1;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _period = period;
            DueAt = dueTime == Timeout.InfiniteTimeSpan ? -1 : world._now + dueTime.Ticks;
            if (DueAt >= 0)
                world._alarms.Enqueue(this, (DueAt, world._alarmNumber++));
            return true;
        }

        public void Ring()
        {
            Change(_period > TimeSpan.Zero ? _period : Timeout.InfiniteTimeSpan, _period);
            world._ready.Add(ring);
        }

        public void Dispose() => DueAt = -1;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
