namespace Sophia.Resilience;

/// <summary>A part that can fail, or be hit.</summary>
/// <param name="Tenant">Whose it is; null: the installation's.</param>
internal sealed record DomainNode(string Id, DomainKind Kind, string Name, string? Tenant = null);

/// <summary>From needs at least one of the others: any of them will do.</summary>
/// <param name="OneOf">At least one; in their order.</param>
/// <param name="Calls">Seen lately.</param>
internal sealed record DomainNeed(string From, IReadOnlyList<string> OneOf, NeedStrength Strength, bool IsDeclared = true, long Calls = 0);

/// <summary>What depends on what. Never changed once made; every need is between nodes that are there.</summary>
internal sealed class DomainGraph
{
    /// <summary>Nodes and needs of one graph; more are left out, those of the latest names first, and said.</summary>
    public const int MostNodes = 20_000, MostNeeds = 60_000;

    private readonly SortedDictionary<string, DomainNode> nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<DomainNeed>> needs = new(StringComparer.Ordinal), neededBy = new(StringComparer.Ordinal);

    public DomainGraph(IEnumerable<DomainNode> nodes, IEnumerable<DomainNeed> needs)
    {
        foreach (var node in nodes.OrderBy(node => node.Id, StringComparer.Ordinal))
            if (this.nodes.Count < MostNodes)
                this.nodes.TryAdd(node.Id, node);
            else if (!this.nodes.ContainsKey(node.Id))
                LeftOut++;
        foreach (var need in needs)
            if (Needs.Count < MostNeeds && Kept(need) is { } kept)
                Add(kept);
    }

    public static DomainGraph Empty { get; } = new([], []);

    /// <summary>In the order of their ids.</summary>
    public IReadOnlyCollection<DomainNode> Nodes => nodes.Values;

    public List<DomainNeed> Needs { get; } = [];

    public int LeftOut { get; }

    public DomainNode? Find(string id) => nodes.GetValueOrDefault(id);

    public IReadOnlyList<DomainNeed> NeedsOf(string id) => needs.TryGetValue(id, out var found) ? found : [];

    /// <summary>Needs of others in which the node is one of those that will do.</summary>
    public IReadOnlyList<DomainNeed> NeededBy(string id) => neededBy.TryGetValue(id, out var found) ? found : [];

    private DomainNeed? Kept(DomainNeed need)
    {
        if (!nodes.ContainsKey(need.From))
            return null;
        var there = need.OneOf.Where(id => nodes.ContainsKey(id) && id != need.From).Distinct(StringComparer.Ordinal).ToArray();
        return there.Length == 0 ? null : there.Length == need.OneOf.Count ? need : need with { OneOf = there };
    }

    private void Add(DomainNeed need)
    {
        Needs.Add(need);
        Of(needs, need.From).Add(need);
        foreach (var id in need.OneOf)
            Of(neededBy, id).Add(need);
    }

    private static List<DomainNeed> Of(Dictionary<string, List<DomainNeed>> lists, string id)
    {
        if (!lists.TryGetValue(id, out var list))
            lists[id] = list = [];
        return list;
    }
}
