using System.Collections.Concurrent;
using Orleans.Runtime;

namespace Orleans.InProcess.Observers;

/// <summary>The objects behind observer references, held weakly; calls on one object run one after the other.</summary>
/// <remarks>Each has an activation that is valid from the start and never ends; its instance belongs to whoever made it.</remarks>
internal sealed class ObserverTable(Silo silo)
{
    private static readonly GrainType Type = GrainType.Create("sys.client");

    private readonly GrainClass _class = new(typeof(ObserverTable));
    private readonly ConcurrentDictionary<GrainId, Activation> _observers = new();

    public static bool IsObserver(GrainId id) => id.Type.Equals(Type);

    /// <summary>The silo or client whose observer this is; null when it has left.</summary>
    public static Silo? SiloOf(GrainId id, InProcessCluster cluster) =>
        cluster.Membership.Find(SiloAddress.FromParsableString(id.Key.ToString()!.Split('+')[0]));

    public static ClientNotAvailableException Gone(GrainId id) => new($"The observer {id} is gone.");

    public GrainId Add(IGrainObserver observer)
    {
        if (observer is GrainReference)
            throw new ArgumentException("This is a reference already.", nameof(observer));
        var id = new GrainId(Type, IdSpan.Create($"{silo.Address.ToParsableString()}+{silo.World.NewGuid():N}"));
        _observers[id] = new(silo, _class, id, new WeakReference<object>(observer));
        return id;
    }

    public void Remove(GrainId id)
    {
        if (!_observers.TryRemove(id, out _))
            throw new ArgumentException($"Unknown observer {id}.", nameof(id));
    }

    public void Dispatch(Request request)
    {
        if (_observers.TryGetValue(request.Target, out var turns) && turns.GrainInstance is not null)
        {
            turns.TryAccept(request);
            return;
        }
        _observers.TryRemove(request.Target, out _);
        request.Reject(Gone(request.Target));
    }
}
