using System.Collections.Concurrent;
using Orleans.InProcess.Observers;
using Orleans.Runtime;

namespace Orleans.InProcess;

/// <summary>Something that takes requests for one grain.</summary>
internal interface ITarget
{
    /// <summary>Takes a request; false if this is closed, and then the catalog already knows what came in its place.</summary>
    bool TryAccept(Request request);
}

/// <summary>Who is active in this silo: finds or makes the one target of each grain, or hands a request on to the silo that has it.</summary>
/// <remarks>Targets are found without a lock. One is made, and goes, under the gate and together with its entry in the directory, so
/// that the directory names no silo that would not make one, and forgets no grain that is active.</remarks>
internal sealed class Catalog(Silo silo, GrainClasses classes)
{
    private readonly ConcurrentDictionary<GrainId, ITarget> _targets = new();
    private readonly Lock _gate = new();
    private volatile bool _stopping;

    public int Count => _targets.Count;

    public bool Has(GrainId grain) => _targets.ContainsKey(grain);

    public void Dispatch(Message request)
    {
        if (ObserverTable.IsObserver(request.Target))
        {
            silo.Observers.Dispatch(request);
            return;
        }
        try
        {
            while (Find(request) is { } target && !target.TryAccept(request))
            {
            }
        }
        catch (Exception failure)
        {
            request.Reject(failure);
        }
    }

    /// <summary>An activation has ended. With one silo, a successor takes the requests that are left and its place; else all of them but
    /// those that may go no further are returned for <see cref="HandOn"/>.</summary>
    public List<Request> Replace(Activation ended, List<Request> left)
    {
        left.RemoveAll(RejectEnded);
        if (_targets.TryGetValue(ended.GrainId, out var target) && target is WorkerPool pool)
        {
            pool.Remove(ended);
            if (_stopping)
                return left;
            left.ForEach(request => pool.TryAccept(request));
            return [];
        }
        Activation? successor = null;
        if (left.Count > 0 && !_stopping && !silo.Cluster.Membership.IsSpread)
        {
            successor = new(silo, ended.Class, ended.GrainId);
            left.ForEach(request => successor.TryAccept(request));
        }
        lock (_gate)
        {
            if (successor is not null)
            {
                _targets[ended.GrainId] = successor;
                return [];
            }
            silo.Cluster.Directory.Remove(ended.GrainId, silo);
            _targets.TryRemove(new(ended.GrainId, ended));
            return left;
        }
    }

    /// <summary>Sends on what waited for an activation that has ended.</summary>
    public void HandOn(Request request)
    {
        if (request is not Message message)
            return;
        try
        {
            message.Destination = silo.Placement.Home(message);
            silo.World.Deliver(message, MessageLeg.Request);
        }
        catch (Exception failure)
        {
            request.Reject(failure);
        }
    }

    /// <summary>Every activation there is now.</summary>
    public IEnumerable<Activation> Activations() => _targets.Values.SelectMany(target => target switch
    {
        WorkerPool pool => pool.Workers(),
        Activation activation => [activation],
        _ => Enumerable.Empty<Activation>(),
    });

    /// <summary>Ends every activation and makes no new ones.</summary>
    public async Task Stop(CancellationToken cancellation)
    {
        lock (_gate)
            _stopping = true;
        var all = Activations().ToList();
        all.Sort(static (a, b) => a.GrainId.CompareTo(b.GrainId));
        foreach (var activation in all)
            activation.Deactivate(new(DeactivationReasonCode.ShuttingDown, "The silo stops."), CancellationToken.None);
        await Task.WhenAll(all.Select(activation => activation.Deactivated)).WaitAsync(Timeout.InfiniteTimeSpan, silo.SystemTime, cancellation);
    }

    private ITarget? Find(Message request) => _targets.TryGetValue(request.Target, out var target) ? target : Make(request);

    // Null if the request went to another silo.
    private ITarget? Make(Message request)
    {
        var grainClass = classes.Find(request.Target.Type);
        while (true)
        {
            var home = HomeOf(grainClass, request);
            if (home != silo)
            {
                if (RejectWandering(request))
                    return null;
                request.Destination = home;
                silo.World.Deliver(request, MessageLeg.Request);
                return null;
            }
            lock (_gate)
            {
                if (_targets.TryGetValue(request.Target, out var target))
                    return target;
                if (grainClass.MaxWorkers > 0 && !_stopping)
                    return _targets[request.Target] = new WorkerPool(silo, grainClass, request.Target);
                if (!_stopping && silo.Cluster.Directory.Claim(request.Target, silo) == silo)
                    return _targets[request.Target] = new Activation(silo, grainClass, request.Target);
            }
        }
    }

    // Whoever sent it here has chosen this silo; that choice stands unless another silo has the grain by now or this one takes no more.
    private Silo HomeOf(GrainClass grainClass, Message request)
    {
        if (_stopping)
            silo.Cluster.Directory.Remove(request.Target, silo);
        var known = grainClass.MaxWorkers == 0 ? silo.Cluster.Directory.Find(request.Target) : null;
        var chosen = known ?? (request.Destination == silo && silo.Status == SiloStatus.Active ? silo : silo.Placement.Place(grainClass, request));
        return chosen != silo || !_stopping ? chosen : throw new SiloUnavailableException("The silo stops; the call had no effect.");
    }

    // As in Orleans, where each hop may be to another silo: a call does not follow a grain that ends again and again.
    private bool RejectWandering(Request request)
    {
        if (request.Forwards++ < silo.Messaging.MaxForwardCount)
            return false;
        request.Reject(new OrleansMessageRejectionException($"{request.Subject} was handed on {silo.Messaging.MaxForwardCount} times because "
            + $"activations of {request.Target} ended; it did not run."));
        return true;
    }

    private bool RejectEnded(Request request)
    {
        if (!request.IsAbandoned)
            return RejectWandering(request);
        request.Reject(new OperationCanceledException());
        return true;
    }
}
