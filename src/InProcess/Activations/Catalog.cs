using System.Collections.Concurrent;
using Orleans.Runtime;

namespace Orleans.InProcess;

/// <summary>Something that takes requests for one grain.</summary>
internal interface ITarget
{
    /// <summary>Takes a request; false if this is closed, and then the catalog already knows what came in its place.</summary>
    bool TryAccept(Request request);
}

/// <summary>Who is active: finds or makes the one target of each grain.</summary>
internal sealed class Catalog(Silo silo, GrainClasses classes)
{
    private readonly ConcurrentDictionary<GrainId, ITarget> _targets = new();
    private volatile bool _stopping;

    public int Count => _targets.Count;

    public void Dispatch(Request request)
    {
        if (Observers.ObserverTable.IsObserver(request.Target))
        {
            silo.Observers.Dispatch(request);
            return;
        }
        try
        {
            while (!Find(request.Target).TryAccept(request))
            {
            }
        }
        catch (Exception failure)
        {
            request.Reject(failure);
        }
    }

    /// <summary>Puts a successor with the requests that are left in the place of an activation that has ended.</summary>
    public void Replace(Activation ended, List<Request> left)
    {
        left.RemoveAll(RejectWandering);
        if (_targets.TryGetValue(ended.GrainId, out var target) && target is WorkerPool pool)
        {
            pool.Remove(ended);
            if (pool.IsEmpty && left.Count == 0)
                return;
            left.ForEach(request => pool.TryAccept(request));
        }
        else if (left.Count == 0)
        {
            _targets.TryRemove(new(ended.GrainId, ended));
        }
        else if (_stopping)
        {
            _targets.TryRemove(new(ended.GrainId, ended));
            left.ForEach(request => request.Reject(Stopping()));
        }
        else
        {
            var successor = new Activation(silo, ended.Class, ended.GrainId);
            left.ForEach(request => successor.TryAccept(request));
            _targets[ended.GrainId] = successor;
        }
    }

    /// <summary>Every activation there is now.</summary>
    public IEnumerable<Activation> Activations() => _targets.Values.SelectMany(target => target switch
    {
        WorkerPool pool => pool.Workers(),
        Activation activation => [activation],
        _ => Enumerable.Empty<Activation>(),
    });

    /// <summary>Ends every activation and refuses new ones.</summary>
    public async Task Stop(CancellationToken cancellation)
    {
        _stopping = true;
        var all = Activations().ToList();
        all.Sort(static (a, b) => a.GrainId.CompareTo(b.GrainId));
        foreach (var activation in all)
            activation.Deactivate(new(DeactivationReasonCode.ShuttingDown, "The silo stops."), CancellationToken.None);
        await Task.WhenAll(all.Select(activation => activation.Deactivated)).WaitAsync(Timeout.InfiniteTimeSpan, silo.SystemTime, cancellation);
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

    private ITarget Find(GrainId grainId) => _targets.TryGetValue(grainId, out var target) ? target : Make(grainId);

    private ITarget Make(GrainId grainId)
    {
        if (_stopping)
            throw Stopping();
        var grainClass = classes.Find(grainId.Type);
        return _targets.GetOrAdd(grainId, grainClass.MaxWorkers > 0
            ? new WorkerPool(silo, grainClass, grainId)
            : new Activation(silo, grainClass, grainId));
    }

    private static SiloUnavailableException Stopping() => new("The silo stops; the call had no effect.");
}
