using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans.InProcess.Timers;

/// <summary>A grain timer: the clock's tick becomes a request to its own activation, and only the end of that sets the next tick.</summary>
internal sealed partial class GrainTimer : IGrainTimer
{
    private readonly Activation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly bool _interleaves;
    private readonly bool _keepsAlive;
    private readonly CancellationTokenSource _ended = new();
    private readonly ITimer _clock;
    private TimeSpan _due;
    private TimeSpan _period;
    private bool _changed;
    private bool _ticking;

    public GrainTimer(Activation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        Check(options.DueTime, nameof(options.DueTime));
        Check(options.Period, nameof(options.Period));
        _activation = activation;
        _callback = callback;
        _interleaves = options.Interleave;
        _keepsAlive = options.KeepAlive;
        _due = options.DueTime;
        _period = options.Period;
        using (ExecutionContext.SuppressFlow())
        {
            _clock = activation.Silo.GrainTime.CreateTimer(static self => ((GrainTimer)self!).Due(), this, Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan);
        }
        activation.AddTimer(this);
        _clock.Change(_due, Timeout.InfiniteTimeSpan);
    }

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        Check(dueTime, nameof(dueTime));
        Check(period, nameof(period));
        (_changed, _due, _period) = (true, dueTime, period);
        if (!_ticking && !_ended.IsCancellationRequested)
            _clock.Change(dueTime, Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        if (_ended.IsCancellationRequested)
            return;
        _ended.Cancel();
        _clock.Dispose();
        _activation.RemoveTimer(this);
    }

    private void Due()
    {
        _ticking = true;
        _activation.TryAccept(new Tick(this));
    }

    private void Ended()
    {
        _ticking = false;
        if (!_ended.IsCancellationRequested)
            _clock.Change(_changed ? _due : _period, Timeout.InfiniteTimeSpan);
    }

    private static void Check(TimeSpan time, string name)
    {
        if (time != Timeout.InfiniteTimeSpan && (time < TimeSpan.Zero || time.TotalMilliseconds > uint.MaxValue - 1))
            throw new ArgumentOutOfRangeException(name, time, "Must be infinite or between zero and 49 days.");
    }

    [LoggerMessage(1020, LogLevel.Warning, "A timer of {GrainId} failed; it goes on")]
    private static partial void LogTickFailed(ILogger logger, Exception failure, GrainId grainId);

    private sealed class Tick(GrainTimer timer) : Request(timer._activation.GrainId)
    {
        public override GrainId? Source => Target;

        public override string Subject => "timer";

        public override bool AlwaysInterleaves => timer._interleaves;

        public override bool IsReadOnly => false;

        public override bool KeepsAlive => timer._keepsAlive;

        public override bool IsAbandoned => timer._ended.IsCancellationRequested;

        public override void Arrive(MessageLeg leg) { }

        public override void Reject(Exception why) { }

        public override void Begin(Activation on) => _ = Run(on);

        private async Task Run(Activation on)
        {
            try
            {
                timer._changed = false;
                await timer._callback(timer._ended.Token);
            }
            catch (Exception failure)
            {
                if (!timer._ended.IsCancellationRequested)
                    LogTickFailed(on.Silo.Logger, failure, Target);
            }
            timer.Ended();
            on.Completed(this);
        }
    }
}
