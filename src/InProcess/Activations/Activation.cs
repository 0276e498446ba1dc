using Orleans.Runtime;

namespace Orleans.InProcess;

/// <summary>One activation of one grain: it admits requests, one at a time unless they may interleave, and lives from the first to
/// the last of them.</summary>
/// <remarks>
/// <para>Everything here but the <see cref="TurnQueue"/> is touched only by the activation's own turns, so nothing here is locked. A
/// message arrives as a turn (<see cref="Receive"/>). If what runs now allows it, it begins; else it waits in line. When a request
/// ends (<see cref="Completed"/>, again in a turn of this activation) the next in line gets a turn of its own, so that a chain of
/// requests which end at once costs no stack.</para>
/// <para>Life goes Created, Activating, Valid, Draining, Ended. The first message starts activation; all that arrive meanwhile wait.
/// Deactivation admits nothing more, waits for what runs, lets the grain say goodbye, and then, while the queue's lock is held, puts
/// a successor holding the waiting requests in its place in the catalog. Whoever posts to the closed queue therefore finds the
/// successor, already behind those that came first: order survives and no call is lost or answered twice.</para>
/// <para>Requests that run are counted as blocking unless they always interleave. A new one may begin if nothing runs, if its class is
/// reentrant, if nothing that blocks runs, if both are read-only, or if it belongs to a call chain that this grain let in.</para>
/// </remarks>
internal sealed partial class Activation : IGrainContext, ITarget
{
    private readonly Queue<Request> _waiting = new();
    private readonly List<Request> _running = [];
    private readonly WeakReference<object>? _observer;
    private Request? _blocking;
    private Dictionary<Guid, int>? _reentrantSections;
    private Phase _phase;
    private int _load;

    public Activation(Silo silo, GrainClass grainClass, GrainId grainId)
    {
        Silo = silo;
        Class = grainClass;
        GrainId = grainId;
        Turns = new(this, silo.World);
        _deactivated = new(silo.Continuing);
        UsedAt = silo.CollectionTime.GetTimestamp();
    }

    /// <summary>The turns of an observer: an object that exists already and that only its owner keeps alive.</summary>
    public Activation(Silo silo, GrainClass grainClass, GrainId grainId, WeakReference<object> observer) : this(silo, grainClass, grainId)
    {
        _observer = observer;
        _phase = Phase.Valid;
    }

    private enum Phase
    {
        Created,
        Activating,
        Valid,
        Draining,
        Ending,
        Ended,
    }

    public Silo Silo { get; }

    public GrainClass Class { get; }

    public TurnQueue Turns { get; }

    public GrainId GrainId { get; }

    public ActivationId ActivationId => field.IsDefault ? field = new(Silo.World.NewGuid()) : field;

    public GrainReference GrainReference => field ??= Silo.References.Untyped(GrainId);

    public object? GrainInstance
    {
        get => _observer is null ? field : _observer.TryGetTarget(out var observer) ? observer : null;
        private set;
    }

    public IServiceProvider ActivationServices => _scope?.ServiceProvider ?? Silo.Services;

    /// <summary>When it was used last, on the clock of collection.</summary>
    public long UsedAt { get; private set; }

    /// <summary>Nothing runs and nothing waits. Read by others without a lock: only a hint.</summary>
    public bool IsIdle => _running.Count == 0 && _waiting.Count == 0 && _phase == Phase.Valid;

    /// <summary>How many requests were taken and have not ended.</summary>
    public int Load => Volatile.Read(ref _load);

    public bool TryAccept(Request request)
    {
        Interlocked.Increment(ref _load);
        if (Turns.TryPost(request))
            return true;
        Interlocked.Decrement(ref _load);
        return false;
    }

    /// <summary>A message arrived; runs as a turn.</summary>
    public void Receive(Request request)
    {
        if (request.IsAbandoned)
        {
            Drop(request);
            return;
        }
        if (_phase == Phase.Valid && (_running.Count > 0 ? MayInterleave(request) : _waiting.Count == 0))
        {
            Start(request);
            return;
        }
        _waiting.Enqueue(request);
        if (_phase == Phase.Created)
            StartActivation(request.Context);
        else if (_running.Count == 0)
            StartWaiting();
    }

    /// <summary>A request ended; runs in a turn of this activation.</summary>
    public void Completed(Request request)
    {
        _running.Remove(request);
        Interlocked.Decrement(ref _load);
        if (request.KeepsAlive)
            UsedAt = Silo.CollectionTime.GetTimestamp();
        if (ReferenceEquals(_blocking, request))
            _blocking = _running.Find(static other => !other.AlwaysInterleaves);
        if (_phase == Phase.Draining && _running.Count == 0)
            StartEnding();
        else if (_waiting.Count > 0)
            Turns.TryPost(NextTurn.Instance);
    }

    internal void EnterReentrantSection(Guid id)
    {
        _reentrantSections ??= [];
        _reentrantSections[id] = _reentrantSections.GetValueOrDefault(id) + 1;
        if (_waiting.Count > 0)
            Turns.TryPost(NextTurn.Instance);
    }

    internal void LeaveReentrantSection(Guid id)
    {
        if (_reentrantSections is null || !_reentrantSections.TryGetValue(id, out var depth))
            return;
        if (depth > 1)
            _reentrantSections[id] = depth - 1;
        else
            _reentrantSections.Remove(id);
    }

    private void Start(Request request)
    {
        _running.Add(request);
        if (!request.AlwaysInterleaves)
            _blocking ??= request;
        request.Begin(this);
    }

    // The first in line begins; when something runs, so do those further back that may interleave with it.
    private void StartWaiting()
    {
        for (var left = _waiting.Count; left > 0 && _phase == Phase.Valid; left--)
        {
            var request = _waiting.Dequeue();
            if (request.IsAbandoned)
                Drop(request);
            else if (MayInterleave(request))
                StartInOwnTurn(request);
            else
                _waiting.Enqueue(request);
        }
    }

    // Within the loop above each request still gets an execution context of its own.
    private void StartInOwnTurn(Request request)
    {
        _running.Add(request);
        if (!request.AlwaysInterleaves)
            _blocking ??= request;
        if (!Turns.TryPost(new BeginTurn(request)))
            request.Reject(new OrleansMessageRejectionException($"Activation of {GrainId} ended before {request.Subject} began."));
    }

    private void Drop(Request request)
    {
        Interlocked.Decrement(ref _load);
        request.Reject(new OperationCanceledException());
    }

    private bool MayInterleave(Request request) =>
        _blocking is null
        || request.AlwaysInterleaves
        || Class.IsReentrant
        || (request.IsReadOnly && _blocking.IsReadOnly)
        || (_reentrantSections is { Count: > 0 } sections && sections.ContainsKey(RequestContext.ReentrancyOf(request.Context)));

    bool IEquatable<IGrainContext>.Equals(IGrainContext? other) => ReferenceEquals(this, other);

    public override string ToString() => $"[{GrainId} {ActivationId} {_phase}]";

    private sealed class NextTurn : ITurn
    {
        public static readonly NextTurn Instance = new();

        public void Run(Activation on) => on.StartWaiting();
    }

    private sealed class BeginTurn(Request request) : ITurn
    {
        public void Run(Activation on) => request.Begin(on);
    }
}
