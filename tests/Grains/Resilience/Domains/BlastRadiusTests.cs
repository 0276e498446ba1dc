namespace Sophia.Resilience;

// Goal: exactly those are hit who have no other way (fully) or another one (partly), and each is told a way that is there. Method: small graphs by seed, rings among them, against two definitions that are tried out
// by brute force: every choice of one node for each hard need, and plain reachability; then a large graph for the time it takes.
public sealed class BlastRadiusTests
{
    private const int Seeds = 4_000;

    [Fact]
    public void Who_is_hit_and_how_hard_is_what_every_choice_of_ways_says()
    {
        var (fully, partly, rings) = (0, 0, 0);
        for (var seed = 0; seed < Seeds; seed++)
        {
            var (graph, failing) = Some(new Random(seed));
            var radius = BlastRadius.Of(graph, failing);
            foreach (var node in graph.Nodes)
            {
                var expected = failing.Contains(node.Id) || !SomeChoiceWorks(graph, node.Id, failing) ? DomainHit.Fully : Reaches(graph, node.Id, failing) ? DomainHit.Partly : DomainHit.Not;
                Assert.True(expected == radius[node.Id], $"seed {seed}, {node.Id}: {radius[node.Id]} instead of {expected}");
                fully += expected == DomainHit.Fully ? 1 : 0;
                partly += expected == DomainHit.Partly ? 1 : 0;
                rings += expected == DomainHit.Not && Reaches(graph, node.Id, [node.Id], strict: true) ? 1 : 0;
            }
        }
        // That the rare is reached, too.
        Assert.True(fully > 1_000 && partly > 1_000 && rings > 100, $"{fully} fully, {partly} partly, {rings} in rings");
    }

    [Fact]
    public void Each_way_begins_at_who_is_hit_goes_over_needs_that_are_there_and_ends_at_what_fails()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var (graph, failing) = Some(new Random(seed));
            var radius = BlastRadius.Of(graph, failing);
            foreach (var node in graph.Nodes)
            {
                var path = radius.Path(node.Id);
                Assert.Equal(radius[node.Id] == DomainHit.Not, path.Count == 0);
                if (path.Count == 0)
                    continue;
                Assert.Equal(node.Id, path[0].Node);
                Assert.Contains(path[^1].Node, failing);
                for (var at = 0; at < path.Count - 1; at++)
                {
                    Assert.Contains(path[at + 1].Node, path[at].By!.OneOf);
                    Assert.Equal(path[at].Node, path[at].By!.From);
                    Assert.NotEqual(NeedStrength.Uses, path[at].By!.Strength);
                    // Who has no other way is told of one on which nobody had.
                    Assert.True(radius[node.Id] != DomainHit.Fully || (path[at].By!.Strength == NeedStrength.Hard && path[at].By!.OneOf.All(one => radius[one] == DomainHit.Fully)), $"seed {seed}");
                }
            }
        }
    }

    [Fact]
    public void More_failures_never_hit_anybody_less()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var (graph, failing) = Some(new Random(seed));
            var (few, many) = (BlastRadius.Of(graph, failing.Take(1)), BlastRadius.Of(graph, failing));
            Assert.All(graph.Nodes, node => Assert.True(few[node.Id] <= many[node.Id]));
        }
    }

    [Fact]
    public void A_graph_of_a_thousand_tenants_is_looked_through_in_one_go()
    {
        var memory = DomainMemory.Nothing with { Tenants = [.. Enumerable.Range(0, 1_000).Select(n => $"t-{n:0000}")], Silos = [new("a", null), new("b", null)] };
        var graph = DomainGraphs.Of(new DomainTopology { Model = "m:1" }, memory, []);
        var radius = BlastRadius.Of(graph, ["silo/a", "silo/b"]);
        Assert.Equal(1_000, graph.Nodes.Count(node => node.Kind == DomainKind.Tenant && radius[node.Id] == DomainHit.Fully));
    }

    /// <summary>3 to 7 nodes, needs of every strength with one to three nodes, one or two that fail.</summary>
    private static (DomainGraph Graph, IReadOnlyList<string> Failing) Some(Random random)
    {
        var nodes = Enumerable.Range(0, random.Next(3, 8)).Select(n => new DomainNode($"n{n}", DomainKind.Part, $"n{n}")).ToArray();
        var needs = Enumerable.Range(0, random.Next(2, 11)).Select(_ => new DomainNeed(Any(), [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Any())], (NeedStrength)random.Next(0, 3))).ToArray();
        return (new DomainGraph(nodes, needs), [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Any()).Distinct()]);

        string Any() => nodes[random.Next(nodes.Length)].Id;
    }

    /// <summary>Whether somebody who may choose one node for each hard need can keep away from all that fail.</summary>
    private static bool SomeChoiceWorks(DomainGraph graph, string from, IReadOnlyList<string> failing)
    {
        var hard = graph.Needs.Where(need => need.Strength == NeedStrength.Hard).ToArray();
        var choices = hard.Aggregate(1, (all, need) => all * need.OneOf.Count);
        for (var choice = 0; choice < choices; choice++)
        {
            var chosen = new Dictionary<string, List<string>>();
            var left = choice;
            foreach (var need in hard)
            {
                (chosen.TryGetValue(need.From, out var list) ? list : chosen[need.From] = []).Add(need.OneOf[left % need.OneOf.Count]);
                left /= need.OneOf.Count;
            }
            if (!Walk(from, id => chosen.GetValueOrDefault(id) ?? []).Any(failing.Contains))
                return true;
        }
        return false;
    }

    private static bool Reaches(DomainGraph graph, string from, IReadOnlyList<string> to, bool strict = false)
    {
        IEnumerable<string> Next(string id) => graph.NeedsOf(id).Where(need => need.Strength != NeedStrength.Uses).SelectMany(need => need.OneOf);
        return strict ? Next(from).Any(next => Walk(next, Next).Any(to.Contains)) : Walk(from, Next).Any(to.Contains);
    }

    private static HashSet<string> Walk(string from, Func<string, IEnumerable<string>> next)
    {
        var (seen, left) = (new HashSet<string> { from }, new Stack<string>([from]));
        while (left.TryPop(out var at))
            foreach (var to in next(at))
                if (seen.Add(to))
                    left.Push(to);
        return seen;
    }
}
