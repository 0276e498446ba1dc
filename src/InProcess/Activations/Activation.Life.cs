using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans.InProcess;

/// <summary>The beginning and the end of an activation.</summary>
internal sealed partial class Activation
{
    private readonly TaskCompletionSource _deactivated;
    private readonly List<IDisposable> _timers = [];
    private Dictionary<Type, object>? _components;
    private AsyncServiceScope? _scope;
    private DeactivationReason _reason;

    /// <summary>Until when collection stays away, on the clock of collection.</summary>
    public DateTimeOffset KeepUntil { get; private set; } = DateTimeOffset.MinValue;

    public Task Deactivated => _deactivated.Task;

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default) =>
        Turns.TryPost(new DeactivateTurn(deactivationReason));

    /// <summary>Asks again, in a turn, whether nobody uses it, so that a call that is on its way is not met by a collection.</summary>
    public void Collect(TimeSpan age) => Turns.TryPost(new CollectTurn(age));

    public void DelayCollection(TimeSpan time)
    {
        var now = Silo.CollectionTime.GetUtcNow();
        KeepUntil = time == TimeSpan.MaxValue || time == Timeout.InfiniteTimeSpan ? DateTimeOffset.MaxValue
            : time <= TimeSpan.Zero ? DateTimeOffset.MinValue
            : now + time;
    }

    public TComponent? GetComponent<TComponent>() where TComponent : class =>
        GrainInstance as TComponent ?? _components?.GetValueOrDefault(typeof(TComponent)) as TComponent;

    public void SetComponent<TComponent>(TComponent? value) where TComponent : class
    {
        _components ??= [];
        if (value is null)
            _components.Remove(typeof(TComponent));
        else
            _components[typeof(TComponent)] = value;
    }

    public void AddTimer(IDisposable timer) => _timers.Add(timer);

    public void RemoveTimer(IDisposable timer) => _timers.Remove(timer);

    private void StartActivation(Dictionary<string, object>? context)
    {
        _phase = Phase.Activating;
        RequestContext.Values = context;
        _ = Activate();
    }

    private async Task Activate()
    {
        try
        {
            _scope = Silo.Services.CreateAsyncScope();
            var states = new List<IStateLoader>();
            GrainInstance = Class.Construct(this, states);
            using var timeout = Class.NeedsActivation || states.Count > 0
                ? new CancellationTokenSource(Silo.Collection.ActivationTimeout, Silo.SystemTime)
                : null;
            foreach (var state in states)
                await state.Load();
            if (Class.NeedsActivation)
                await Class.OnActivate(GrainInstance, timeout?.Token ?? default);
        }
        catch (Exception failure)
        {
            LogActivationFailed(Silo.Logger, failure, GrainId);
            _reason = new(DeactivationReasonCode.ActivationFailed, failure, "Failed to activate grain.");
            await End(rejectWith: failure);
            return;
        }
        if (_phase == Phase.Activating)
            _phase = Phase.Valid;
        if (_phase == Phase.Draining)
            StartEnding();
        else if (_waiting.Count > 0)
            Turns.TryPost(NextTurn.Instance);
    }

    private void StartDraining(DeactivationReason reason)
    {
        if (_phase is Phase.Draining or Phase.Ending or Phase.Ended)
            return;
        GetComponent<Enumerations>()?.Abort();
        var wasActivating = _phase == Phase.Activating;
        _phase = Phase.Draining;
        _reason = reason;
        if (!wasActivating && _running.Count == 0)
            StartEnding();
    }

    private void StartEnding()
    {
        _phase = Phase.Ending;
        RequestContext.Values = null;
        _ = Goodbye();
    }

    private async Task Goodbye()
    {
        StopTimers();
        if (Class.NeedsDeactivation && GrainInstance is { } grain)
        {
            using var timeout = new CancellationTokenSource(Silo.Collection.DeactivationTimeout, Silo.SystemTime);
            try
            {
                await Class.OnDeactivate(grain, _reason, timeout.Token);
            }
            catch (Exception failure)
            {
                LogDeactivationFailed(Silo.Logger, failure, GrainId);
            }
        }
        await End(rejectWith: null);
    }

    private async Task End(Exception? rejectWith)
    {
        StopTimers();
        _phase = Phase.Ended;
        List<Request> left = [], others = [];
        Turns.Close(turns =>
        {
            left.AddRange(_waiting);
            left.AddRange(turns.OfType<Request>());
            _waiting.Clear();
            others = Silo.Catalog.Replace(this, rejectWith is null ? left : []);
        });
        if (rejectWith is not null)
            left.ForEach(request => request.Reject(rejectWith));
        others.ForEach(Silo.Catalog.HandOn);
        await Release();
        _deactivated.TrySetResult();
    }

    private async Task Release()
    {
        try
        {
            if (GrainInstance is IAsyncDisposable asynchronous)
                await asynchronous.DisposeAsync();
            else if (GrainInstance is IDisposable disposable)
                disposable.Dispose();
            if (_scope is { } scope)
                await scope.DisposeAsync();
        }
        catch (Exception failure)
        {
            LogDeactivationFailed(Silo.Logger, failure, GrainId);
        }
    }

    private void StopTimers()
    {
        foreach (var timer in _timers.ToArray())
            timer.Dispose();
        _timers.Clear();
    }

    [LoggerMessage(1001, LogLevel.Warning, "Grain {GrainId} could not be activated")]
    private static partial void LogActivationFailed(ILogger logger, Exception failure, GrainId grainId);

    [LoggerMessage(1002, LogLevel.Warning, "Grain {GrainId} failed while it was deactivated")]
    private static partial void LogDeactivationFailed(ILogger logger, Exception failure, GrainId grainId);

    private sealed class DeactivateTurn(DeactivationReason reason) : ITurn
    {
        public void Run(Activation on) => on.StartDraining(reason);
    }

    private sealed class CollectTurn(TimeSpan age) : ITurn
    {
        public void Run(Activation on)
        {
            var time = on.Silo.CollectionTime;
            if (on.IsIdle && time.GetElapsedTime(on.UsedAt) >= age && on.KeepUntil <= time.GetUtcNow())
                on.StartDraining(new(DeactivationReasonCode.ActivationIdle, $"Not used for {age}."));
        }
    }
}
