namespace Sophia.Resilience;

/// <summary>Whom failing nodes hit, how hard, and by which way. Pure.</summary>
/// <remarks>
/// <para>The graph is one of "and" and "or": a node needs each of its needs, and of each need one of its nodes will do.</para>
/// <para><b>Fully</b> hit is what fails, and whatever has a hard need all of whose nodes are fully hit: it has no other way. This is the least set of that kind, so nodes that need each other in a ring
/// and nothing that fails keep each other up. <b>Partly</b> hit is whatever else comes to a failing node over needs of any strength: there is another way, or it can do without.</para>
/// <para>Each need is looked at once for each of its nodes, so a graph of n needs costs O(n), whatever the rings in it.</para>
/// </remarks>
internal sealed class BlastRadius
{
    private readonly DomainGraph graph;
    private readonly Dictionary<string, DomainHit> hits = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (DomainNeed Need, string Next)> fullWay = new(StringComparer.Ordinal), anyWay = new(StringComparer.Ordinal);

    private BlastRadius(DomainGraph graph, IEnumerable<string> failing)
    {
        this.graph = graph;
        var failed = failing.Where(id => graph.Find(id) is not null).Order(StringComparer.Ordinal).Distinct().ToArray();
        foreach (var id in failed)
            hits[id] = DomainHit.Fully;
        Fall(failed);
        Reach(failed);
    }

    /// <summary>Ids of the nodes that are hit, those that fail among them, in their order.</summary>
    public IEnumerable<string> Hit => hits.Keys.Order(StringComparer.Ordinal);

    public static BlastRadius Of(DomainGraph graph, IEnumerable<string> failing) => new(graph, failing);

    public DomainHit this[string id] => hits.GetValueOrDefault(id);

    /// <summary>From a node that is hit to one that fails; the node alone where it fails itself, nothing where it is not hit. No shorter way hits it as hard.</summary>
    public IReadOnlyList<(string Node, DomainNeed? By)> Path(string id)
    {
        if (!hits.TryGetValue(id, out var hit))
            return [];
        var (path, ways) = (new List<(string, DomainNeed?)>(), hit == DomainHit.Fully ? fullWay : anyWay);
        for (var at = id; ;)
        {
            if (!ways.TryGetValue(at, out var step))
            {
                path.Add((at, null));
                return path;
            }
            path.Add((at, step.Need));
            at = step.Next;
        }
    }

    // Breadth first: a node falls when the last one that would do for a hard need of it has fallen.
    private void Fall(IReadOnlyCollection<string> failed)
    {
        var left = new Dictionary<DomainNeed, int>(ReferenceEqualityComparer.Instance);
        var queue = new Queue<string>(failed);
        while (queue.TryDequeue(out var fallen))
            foreach (var need in graph.NeededBy(fallen))
            {
                if (need.Strength != NeedStrength.Hard)
                    continue;
                left[need] = left.GetValueOrDefault(need, need.OneOf.Count) - 1;
                if (left[need] > 0 || hits.ContainsKey(need.From))
                    continue;
                hits[need.From] = DomainHit.Fully;
                fullWay[need.From] = (need, fallen);
                queue.Enqueue(need.From);
            }
    }

    private void Reach(IReadOnlyCollection<string> failed)
    {
        var (queue, seen) = (new Queue<string>(failed), new HashSet<string>(failed, StringComparer.Ordinal));
        while (queue.TryDequeue(out var reached))
            foreach (var need in graph.NeededBy(reached))
            {
                if (need.Strength == NeedStrength.Uses || !seen.Add(need.From))
                    continue;
                hits.TryAdd(need.From, DomainHit.Partly);
                anyWay[need.From] = (need, reached);
                queue.Enqueue(need.From);
            }
    }
}
