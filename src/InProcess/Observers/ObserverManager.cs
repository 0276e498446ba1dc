using System.Collections;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans.Utilities;

/// <summary>Observers of one grain, by their reference; those not subscribed again within the expiration are forgotten.</summary>
public class ObserverManager<TObserver>(TimeSpan expiration, ILogger log) : ObserverManager<IAddressable, TObserver>(expiration, log);

/// <summary>Observers of one grain, by a key; those not subscribed again within the expiration are forgotten.</summary>
/// <remarks>For use within one grain: not thread-safe. A notification works on the observers there were when it began.</remarks>
public class ObserverManager<TIdentity, TObserver> : IEnumerable<TObserver> where TIdentity : notnull
{
    private readonly ILogger _log;
    private Dictionary<TIdentity, (TObserver Observer, DateTime LastSeen)> _observers = [];

    /// <summary>With an expiration.</summary>
    public ObserverManager(TimeSpan expiration, ILogger log)
    {
        ArgumentNullException.ThrowIfNull(log);
        _log = log;
        ExpirationDuration = expiration;
        var time = (RuntimeContext.Activation?.Silo.GrainTime) ?? TimeProvider.System;
        GetDateTime = () => time.GetUtcNow().UtcDateTime;
    }

    /// <summary>What time it is; default the grains' clock.</summary>
    public Func<DateTime> GetDateTime { get; set; }

    /// <summary>How long a subscription lasts.</summary>
    public TimeSpan ExpirationDuration { get; set; }

    /// <summary>How many there are, expired ones that were not yet removed included.</summary>
    public int Count => _observers.Count;

    /// <summary>A copy of the observers.</summary>
    public IReadOnlyDictionary<TIdentity, TObserver> Observers => _observers.ToDictionary(pair => pair.Key, pair => pair.Value.Observer);

    /// <summary>Removes all.</summary>
    public void Clear() => _observers = [];

    /// <summary>Adds or renews.</summary>
    public void Subscribe(TIdentity id, TObserver observer) => _observers = new(_observers) { [id] = (observer, GetDateTime()) };

    /// <summary>Removes.</summary>
    public void Unsubscribe(TIdentity id) => Remove([id]);

    /// <summary>Calls each that <paramref name="predicate"/> accepts; those that fail or have expired are removed.</summary>
    public async Task Notify(Func<TObserver, Task> notification, Func<TObserver, bool>? predicate = null)
    {
        var defunct = Expired();
        foreach (var (id, (observer, _)) in _observers)
        {
            if (defunct.Contains(id) || predicate?.Invoke(observer) == false)
                continue;
            try
            {
                await notification(observer);
            }
            catch (Exception)
            {
                defunct.Add(id);
            }
        }
        Remove(defunct);
    }

    /// <summary>Calls each that <paramref name="predicate"/> accepts; those that fail or have expired are removed.</summary>
    public void Notify(Action<TObserver> notification, Func<TObserver, bool>? predicate = null)
    {
        var defunct = Expired();
        foreach (var (id, (observer, _)) in _observers)
        {
            if (defunct.Contains(id) || predicate?.Invoke(observer) == false)
                continue;
            try
            {
                notification(observer);
            }
            catch (Exception)
            {
                defunct.Add(id);
            }
        }
        Remove(defunct);
    }

    /// <summary>Removes those that have expired.</summary>
    public void ClearExpired() => Remove(Expired());

    /// <inheritdoc/>
    public IEnumerator<TObserver> GetEnumerator() => _observers.Values.Select(entry => entry.Observer).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private HashSet<TIdentity> Expired()
    {
        var now = GetDateTime();
        return [.. _observers.Where(pair => pair.Value.LastSeen + ExpirationDuration < now).Select(pair => pair.Key)];
    }

    private void Remove(IReadOnlyCollection<TIdentity> ids)
    {
        if (ids.Count == 0)
            return;
        var left = new Dictionary<TIdentity, (TObserver, DateTime)>(_observers);
        foreach (var id in ids)
            left.Remove(id);
        _observers = left;
        ObserverLog.Removed(_log, ids.Count, left.Count);
    }
}

internal static partial class ObserverLog
{
    [LoggerMessage(1030, LogLevel.Debug, "Removed {Removed} observers, {Left} are left")]
    public static partial void Removed(ILogger logger, int removed, int left);
}
