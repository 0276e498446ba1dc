namespace Sophia.Resilience;

/// <summary>What Sophia declares of itself: which parts stand in for each other, and what each feature needs. Pure.</summary>
/// <remarks>A feature that needs something in two strengths needs it hard. What a tenant or a pipeline needs is added by <see cref="DomainGraphs"/>.</remarks>
internal static class ShippedDomains
{
    public static (IReadOnlyList<DomainNode> Nodes, IReadOnlyList<DomainNeed> Needs) Of(DomainTopology topology)
    {
        var (nodes, needs) = (new List<DomainNode>(), new List<DomainNeed>());
        Store(DomainIds.Log, "log", topology.Log);
        Store(DomainIds.State, "state", topology.State);
        Store(DomainIds.FastState, "fast-state", topology.FastState);
        Store(DomainIds.Index, "index", topology.Index);
        nodes.Add(DomainIds.Node(DomainKind.Part, "silos"));
        nodes.Add(DomainIds.Node(DomainKind.Part, "front-ends"));

        Feature("ingest", [DomainIds.FrontEnds, DomainIds.Silos, DomainIds.Log]);
        Feature("audit", [DomainIds.Silos, DomainIds.Log]);
        Feature("sign-in", [DomainIds.FrontEnds, DomainIds.Silos, DomainIds.State]);
        Feature("search", [DomainIds.FrontEnds, DomainIds.Silos, DomainIds.Index]);
        Feature("answers", [DomainIds.Search, DomainIds.Log]);
        Feature(Resilience.Feature.RealTimeSync, [DomainIds.Ingest, DomainIds.State]);
        Feature(Resilience.Feature.DataTransformations, [DomainIds.Silos]);
        Feature(Resilience.Feature.Exports, [DomainIds.FrontEnds, DomainIds.Silos, DomainIds.Log]);
        Feature(Resilience.Feature.Replays, [DomainIds.Silos, DomainIds.Log]);
        Feature(Resilience.Feature.Caching, [DomainIds.Silos]);
        // Nothing keeps sessions in the fast store; the feature is named with what it would need.
        Feature(Resilience.Feature.SessionStorage, [DomainIds.FastState]);
        if (topology.Cache is { } cache)
        {
            nodes.Add(DomainIds.Node(DomainKind.Store, cache));
            Soft(Resilience.Feature.Caching, DomainIds.Of(DomainKind.Store, cache)); // Each process remembers by itself, too.
        }
        if (topology.Model is not null)
        {
            nodes.Add(DomainIds.Node(DomainKind.Dependency, DomainTopology.ModelName));
            Feature(Resilience.Feature.ModelAnswers, [DomainIds.Answers, DomainIds.Of(DomainKind.Dependency, DomainTopology.ModelName)]);
            Soft("answers", DomainIds.Of(DomainKind.Dependency, DomainTopology.ModelName)); // Sentences of the records otherwise.
        }
        if (topology.Embedding is not null)
        {
            nodes.Add(DomainIds.Node(DomainKind.Dependency, DomainTopology.EmbeddingName));
            string[] either = [DomainIds.Of(DomainKind.Dependency, DomainTopology.EmbeddingName)];
            if (topology.EmbeddingSecondary is not null)
            {
                nodes.Add(DomainIds.Node(DomainKind.Dependency, DomainTopology.EmbeddingSecondaryName));
                either = [.. either, DomainIds.Of(DomainKind.Dependency, DomainTopology.EmbeddingSecondaryName)];
            }
            Soft("search", either); // By words alone otherwise.
        }
        return (nodes, needs);

        void Store(string part, string name, string store)
        {
            nodes.Add(DomainIds.Node(DomainKind.Part, name));
            nodes.Add(DomainIds.Node(DomainKind.Store, store));
            needs.Add(new DomainNeed(part, [DomainIds.Of(DomainKind.Store, store)], NeedStrength.Hard));
        }

        void Feature(string name, string[] hard)
        {
            nodes.Add(DomainIds.Node(DomainKind.Feature, name));
            needs.AddRange(hard.Select(one => new DomainNeed(DomainIds.Of(DomainKind.Feature, name), [one], NeedStrength.Hard)));
        }

        void Soft(string feature, params string[] oneOf) => needs.Add(new DomainNeed(DomainIds.Of(DomainKind.Feature, feature), oneOf, NeedStrength.Soft));
    }
}
