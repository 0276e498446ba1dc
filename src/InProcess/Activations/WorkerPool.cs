using Orleans.Runtime;

namespace Orleans.InProcess;

/// <summary>The activations of one stateless worker: an idle one takes the request, else a new one, else the least loaded.</summary>
internal sealed class WorkerPool(Silo silo, GrainClass grainClass, GrainId grainId) : ITarget
{
    private readonly Lock _gate = new();
    private readonly List<Activation> _workers = [];

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
                return _workers.Count == 0;
        }
    }

    public bool TryAccept(Request request)
    {
        while (!Choose().TryAccept(request))
        {
        }
        return true;
    }

    public void Remove(Activation worker)
    {
        lock (_gate)
            _workers.Remove(worker);
    }

    public Activation[] Workers()
    {
        lock (_gate)
            return [.. _workers];
    }

    // Load is counted when a request is taken, not when its turn comes, or a burst would all meet the same idle worker.
    private Activation Choose()
    {
        lock (_gate)
        {
            var best = _workers.MinBy(worker => worker.Load);
            if (best is null || (best.Load > 0 && _workers.Count < grainClass.MaxWorkers))
                _workers.Add(best = new(silo, grainClass, grainId));
            return best;
        }
    }
}
