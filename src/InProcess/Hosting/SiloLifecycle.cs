using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans.InProcess;

/// <summary>Starts stages upwards, and stops downwards those that have started; what belongs to one stage runs at once.</summary>
internal sealed partial class SiloLifecycle(ILogger<SiloLifecycle> logger) : ISiloLifecycle
{
    private readonly List<Subscription> _subscriptions = [];
    private int? _reached;

    public int HighestCompletedStage { get; private set; } = int.MinValue;

    public int LowestStoppedStage { get; private set; } = int.MaxValue;

    public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        if (_reached is not null)
            throw new InvalidOperationException("Lifecycle has already been started.");
        var subscription = new Subscription(observerName, stage, observer);
        _subscriptions.Add(subscription);
        return subscription;
    }

    /// <summary>Starts all; the first failure ends it and is thrown.</summary>
    public async Task Start(CancellationToken cancellation)
    {
        if (_reached is not null)
            throw new InvalidOperationException("Lifecycle has already been started.");
        foreach (var stage in _subscriptions.GroupBy(subscription => subscription.Stage).OrderBy(stage => stage.Key))
        {
            cancellation.ThrowIfCancellationRequested();
            _reached = stage.Key;
            await Task.WhenAll(stage.Select(subscription => Call(subscription.Observer, observer => observer.OnStart(cancellation))));
            HighestCompletedStage = stage.Key;
        }
    }

    /// <summary>Stops what has started; failures are logged and hold nothing up.</summary>
    public async Task Stop(CancellationToken cancellation)
    {
        if (_reached is not { } reached)
            return;
        foreach (var stage in _subscriptions.Where(subscription => subscription.Stage <= reached)
            .GroupBy(subscription => subscription.Stage).OrderByDescending(stage => stage.Key))
        {
            try
            {
                await Task.WhenAll(stage.Select(subscription => Call(subscription.Observer, observer => observer.OnStop(cancellation))));
            }
            catch (Exception failure)
            {
                LogStopFailed(logger, failure, stage.Key, string.Join(", ", stage.Select(subscription => subscription.Name)));
            }
            LowestStoppedStage = stage.Key;
        }
    }

    private static async Task Call(ILifecycleObserver? observer, Func<ILifecycleObserver, Task> call)
    {
        if (observer is not null)
            await call(observer);
    }

    [LoggerMessage(1050, LogLevel.Warning, "Stage {Stage} did not stop well: {Observers}")]
    private static partial void LogStopFailed(ILogger logger, Exception failure, int stage, string observers);

    private sealed class Subscription(string name, int stage, ILifecycleObserver observer) : IDisposable
    {
        public string Name => name;

        public int Stage => stage;

        public ILifecycleObserver? Observer { get; private set; } = observer;

        public void Dispose() => Observer = null;
    }
}
