using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>So many at a time, so many of them one tenant's; where all places are taken tenants take turns. For any thread.</summary>
/// <remarks>
/// <para>For what tenants share and may not take from each other, such as the connections and threads that read: <paramref name="mostOfOne"/> keeps a tenant from taking all places at once, and turns keep it from being the
/// next each time. Who waits with nothing of his own under way is passed over by no other tenant twice: he waits for one reading of each tenant that waits, at most.</para>
/// <para>Nobody is refused here: who waits is bounded where calls come in (<see cref="IBulkheads"/>), and each ends with its caller.</para>
/// </remarks>
/// <param name="places">In all, 1 at least.</param>
/// <param name="mostOfOne">Of one tenant; more than <paramref name="places"/> counts as that.</param>
internal sealed class TenantTurns(int places, int mostOfOne)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Lane> lanes = new(StringComparer.Ordinal);
    private readonly LinkedList<Lane> waiting = new();
    private int inside;

    /// <summary>Places that are taken.</summary>
    public int Inside
    {
        get
        {
            lock (gate)
                return inside;
        }
    }

    /// <summary>How many wait.</summary>
    public int Waiting
    {
        get
        {
            lock (gate)
                return waiting.Sum(lane => lane.Line.Count);
        }
    }

    /// <param name="tenant">Null: what belongs to nobody, which takes its turns as a tenant does.</param>
    public async ValueTask<TenantTurn> Enter(TenantId? tenant, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Lane lane;
        LinkedListNode<TaskCompletionSource<bool>> own;
        lock (gate)
        {
            lane = Of(tenant?.Value ?? "");
            if (inside < places && lane.Inside < mostOfOne && lane.Line.Count == 0)
            {
                Take(lane);
                return new TenantTurn(this, lane);
            }
            own = lane.Line.AddLast(new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
            if (lane.Line.Count == 1)
                waiting.AddLast(lane.Place);
        }
        using var leave = cancellation.UnsafeRegister(_ => GiveUp(lane, own), null);
        return await own.Value.Task ? new TenantTurn(this, lane) : throw new OperationCanceledException(cancellation);
    }

    internal void Leave(Lane lane)
    {
        List<TaskCompletionSource<bool>>? next = null;
        lock (gate)
        {
            inside--;
            lane.Inside--;
            while (inside < places && Next() is { } one)
                (next ??= []).Add(one);
            Forget(lane);
        }
        next?.ForEach(static one => one.SetResult(true));
    }

    // Whose turn it is: the first tenant in the round that has not all that it may have. It goes to the end of the round.
    private TaskCompletionSource<bool>? Next()
    {
        for (var at = waiting.First; at is not null; at = at.Next)
            if (at.Value.Inside < mostOfOne)
            {
                var lane = at.Value;
                var one = lane.Line.First!.Value;
                lane.Line.RemoveFirst();
                waiting.Remove(at);
                if (lane.Line.Count > 0)
                    waiting.AddLast(at);
                Take(lane);
                return one;
            }
        return null;
    }

    private void GiveUp(Lane lane, LinkedListNode<TaskCompletionSource<bool>> own)
    {
        lock (gate)
        {
            if (own.List is null)
                return; // He has his place.
            lane.Line.Remove(own);
            if (lane.Line.Count == 0)
                waiting.Remove(lane.Place);
            Forget(lane);
        }
        own.Value.SetResult(false);
    }

    private void Take(Lane lane)
    {
        inside++;
        lane.Inside++;
    }

    private Lane Of(string tenant) => lanes.TryGetValue(tenant, out var known) ? known : lanes[tenant] = new Lane(tenant);

    private void Forget(Lane lane)
    {
        if (lane is { Inside: 0, Line.Count: 0 })
            lanes.Remove(lane.Tenant);
    }

    internal sealed class Lane
    {
        public Lane(string tenant) => (Tenant, Place) = (tenant, new LinkedListNode<Lane>(this));

        public string Tenant { get; }

        public int Inside { get; set; }

        public LinkedList<TaskCompletionSource<bool>> Line { get; } = new();

        public LinkedListNode<Lane> Place { get; }
    }
}

/// <summary>A place; disposed once, it is the next one's.</summary>
internal readonly struct TenantTurn(TenantTurns of, TenantTurns.Lane lane) : IDisposable
{
    public void Dispose() => of.Leave(lane);
}
