using Sophia.Queues;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: on the real topologies the right ones are hit, and a tenant's view has nothing of another. Method: the graphs of an embedded Sophia and of a cluster, with what a watch would have seen.
public sealed class DomainGraphTests
{
    private static readonly DomainTopology Embedded = new(), Cluster = new()
    {
        Log = DomainTopology.Postgres, State = DomainTopology.Postgres, FastState = DomainTopology.Redis, Cache = DomainTopology.Redis, Index = DomainTopology.Weaviate,
        Model = "model.example:443", Embedding = "one.example:443", EmbeddingSecondary = "two.example:443",
    };

    [Fact]
    public void In_one_process_its_store_and_its_silo_are_everything()
    {
        var graph = DomainGraphs.Of(Embedded, Seen("local"), [new ProcessReport("local", ProcessRole.Silo, [], [])]);
        foreach (var node in (string[])["store/sqlite", "silo/local"])
        {
            var radius = BlastRadius.Of(graph, [node]);
            foreach (var hit in (string[])["tenant/acme", "tenant/globex", "pipeline/acme/crm", DomainIds.Search, DomainIds.Ingest, DomainIds.SignIn])
                Assert.Equal((node, hit, DomainHit.Fully), (node, hit, radius[hit]));
        }
    }

    [Fact]
    public void In_a_cluster_one_silo_hits_everything_partly_and_the_last_one_fully()
    {
        var graph = DomainGraphs.Of(Cluster, Seen("a", "b", "c"), Fronts("web-1", "web-2"));
        Assert.Equal(DomainHit.Partly, BlastRadius.Of(graph, ["silo/b"])["tenant/acme"]);
        Assert.Equal(DomainHit.Partly, BlastRadius.Of(graph, ["silo/a", "silo/b"])["feature/search"]);
        Assert.Equal(DomainHit.Fully, BlastRadius.Of(graph, ["silo/a", "silo/b", "silo/c"])["tenant/acme"]);
        Assert.Equal(DomainHit.Partly, BlastRadius.Of(graph, ["front-end/web-1"])[DomainIds.SignIn]);
        Assert.Equal(DomainHit.Fully, BlastRadius.Of(graph, ["front-end/web-1", "front-end/web-2"])[DomainIds.Ingest]);
    }

    [Theory]
    [InlineData("store/postgres", "tenant/acme", DomainHit.Fully)]
    [InlineData("store/postgres", "feature/audit", DomainHit.Fully)]
    [InlineData("store/weaviate", "feature/search", DomainHit.Fully)]
    [InlineData("store/weaviate", "feature/ingest", DomainHit.Not)]
    [InlineData("store/weaviate", "tenant/acme", DomainHit.Partly)]
    [InlineData("store/redis", "feature/caching", DomainHit.Partly)]
    [InlineData("store/redis", "feature/session_storage", DomainHit.Fully)]
    [InlineData("store/redis", "feature/search", DomainHit.Not)]
    [InlineData("dependency/model", "feature/model_answers", DomainHit.Fully)]
    [InlineData("dependency/model", "feature/answers", DomainHit.Partly)]
    [InlineData("dependency/model", "feature/ingest", DomainHit.Not)]
    [InlineData("dependency/model", "pipeline/acme/crm", DomainHit.Not)]
    [InlineData("dependency/embedding", "feature/search", DomainHit.Partly)]
    [InlineData("source/acme/airbyte@crm", "pipeline/acme/crm", DomainHit.Fully)]
    [InlineData("source/acme/airbyte@crm", "tenant/acme", DomainHit.Partly)]
    [InlineData("source/acme/airbyte@crm", "pipeline/acme/shop", DomainHit.Not)]
    [InlineData("source/acme/airbyte@crm", "pipeline/acme/both", DomainHit.Not)]
    [InlineData("source/acme/airbyte@crm", "source/acme/airbyte", DomainHit.Not)]
    [InlineData("source/acme/airbyte@crm", "tenant/globex", DomainHit.Not)]
    [InlineData("source/acme/airbyte@both", "pipeline/acme/both", DomainHit.Partly)]
    [InlineData("source/acme/airbyte@shop", "source/acme/airbyte/shop", DomainHit.Not)]
    [InlineData("source/airbyte", "pipeline/acme/crm", DomainHit.Fully)]
    [InlineData("source/airbyte", "pipeline/globex/shop", DomainHit.Fully)]
    [InlineData("source/airbyte", "pipeline/acme/both", DomainHit.Partly)]
    [InlineData("source/acme/airbyte", "pipeline/acme/crm", DomainHit.Fully)]
    [InlineData("source/acme/airbyte", "pipeline/acme/both", DomainHit.Partly)]
    [InlineData("source/acme/airbyte", "tenant/acme", DomainHit.Partly)]
    [InlineData("source/acme/airbyte", "tenant/globex", DomainHit.Not)]
    [InlineData("source/acme/airbyte", "pipeline/acme/shop", DomainHit.Fully)]
    [InlineData("dependency/acme/source-shop", "source/acme/airbyte/shop", DomainHit.Fully)]
    [InlineData("dependency/acme/source-shop", "pipeline/acme/shop", DomainHit.Fully)]
    [InlineData("dependency/acme/source-shop", "pipeline/acme/two", DomainHit.Partly)]
    [InlineData("dependency/acme/source-shop", "pipeline/acme/desk", DomainHit.Not)]
    [InlineData("dependency/acme/source-shop", "pipeline/acme/crm", DomainHit.Not)]
    [InlineData("dependency/acme/source-shop", "source/acme/airbyte", DomainHit.Not)]
    [InlineData("dependency/acme/source-shop", "tenant/acme", DomainHit.Partly)]
    [InlineData("dependency/acme/source-shop", "pipeline/globex/shop", DomainHit.Not)]
    [InlineData("dependency/acme/source-desk", "pipeline/acme/desk", DomainHit.Fully)]
    [InlineData("queue/acme/mail", "tenant/acme", DomainHit.Partly)]
    [InlineData("queue/acme/mail", "tenant/globex", DomainHit.Not)]
    [InlineData("feature/ingest", "pipeline/acme/crm", DomainHit.Fully)]
    public void What_fails_in_a_cluster_hits(string fails, string node, DomainHit hit) =>
        Assert.Equal(hit, BlastRadius.Of(DomainGraphs.Of(Cluster, Seen("a", "b"), Fronts("web")), [fails])[node]);

    [Fact]
    public void A_source_whose_breaker_opens_hits_the_pipelines_that_read_it_fully_where_they_read_nothing_else_and_nobody_else_s()
    {
        var (fully, partly) = (0, 0);
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            SourceSight[] sources = [new("files"), new("airbyte", "source-a"), new("airbyte", "source-b"), new("airbyte", "source-airbyte"), new("other", "of-its-own")];
            var reads = new SortedDictionary<string, SourceSight[]>(StringComparer.Ordinal);
            var owners = new SortedDictionary<string, OwnerSight>(StringComparer.Ordinal);
            foreach (var tenant in (string[])["t-1", "t-2"])
            {
                var pipelines = Enumerable.Range(0, random.Next(1, 5)).Select(n => new PipelineSight($"p{n}", [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => sources[random.Next(sources.Length)])])).ToArray();
                foreach (var pipeline in pipelines)
                    reads[$"pipeline/{tenant}/{pipeline.Name}"] = [.. pipeline.Sources.Distinct()];
                // Some breakers were asked already, others are only declared.
                owners[tenant] = new OwnerSight(tenant, null, pipelines, [], random.Next(2) == 0 ? [] : [new("source-a", null, false, [])], [], []);
            }
            var graph = DomainGraphs.Of(Embedded, DomainMemory.Nothing with { Tenants = ["t-1", "t-2"], Owners = owners }, []);
            foreach (var breaker in sources.Select(source => source.Breaker).OfType<string>())
            {
                var radius = BlastRadius.Of(graph, [$"dependency/t-1/{breaker}"]);
                foreach (var (pipeline, read) in reads)
                {
                    var mine = pipeline.StartsWith("pipeline/t-1/", StringComparison.Ordinal) && read.Any(source => source.Breaker == breaker);
                    var expected = !mine ? DomainHit.Not : read.Length == 1 ? DomainHit.Fully : DomainHit.Partly;
                    Assert.True(expected == radius[pipeline], $"seed {seed}, {breaker}, {pipeline}: {radius[pipeline]} instead of {expected}");
                    (fully, partly) = (fully + (expected == DomainHit.Fully ? 1 : 0), partly + (expected == DomainHit.Partly ? 1 : 0));
                }
                Assert.Equal(DomainHit.Not, radius["tenant/t-2"]);
            }
        }
        Assert.True(fully > 100 && partly > 100, $"{fully} fully, {partly} partly");
    }

    [Fact]
    public void Work_speaks_against_who_has_most_of_it_in_hand_and_runs_only_while_others_wait_for_their_turn()
    {
        TenantShare loud = new(TenantId.Parse("loud"), 1, 0, 40, TimeSpan.Zero, true), quiet = new(TenantId.Parse("quiet"), 1, 0, 1, TimeSpan.Zero, false), waits = quiet with { Ready = 1, InHand = 0 };
        Assert.Equal(["loud"], DomainEvidence.Noisy(new(1, 0, [loud, quiet]), new(1, 0, [])).Keys);
        Assert.Empty(DomainEvidence.Noisy(new(1, 0, [loud]), new(1, 0, [loud])));
        Assert.Empty(DomainEvidence.Noisy(new(1, 0, []), new(1, 0, [loud, quiet])));
        Assert.Equal("its runs keep others' from their turn: 40 of them go", DomainEvidence.Noisy(new(1, 0, []), new(1, 0, [loud, waits]))["loud"]);
    }

    [Fact]
    public void What_was_seen_to_be_called_is_in_the_graph_once_under_its_declared_name_and_hits_its_tenant_alone()
    {
        var reports = Fronts("web").Append(new ProcessReport("a", ProcessRole.Silo, [], [new("acme", "model.example:443", 5, 0), new("acme", "shop.example:443", 7, 1), new(null, "shop.example:443", 2, 0)])).ToArray();
        var graph = DomainGraphs.Of(Cluster, Seen("a", "b"), reports);
        Assert.Null(graph.Find("host/acme/model.example:443"));
        Assert.Contains(graph.NeedsOf("tenant/acme"), need => need is { IsDeclared: false, Calls: 5, OneOf: ["dependency/model"] });
        var radius = BlastRadius.Of(graph, ["host/acme/shop.example:443"]);
        Assert.Equal((DomainHit.Partly, DomainHit.Not, DomainHit.Not), (radius["tenant/acme"], radius["tenant/globex"], radius["silo/a"]));
        Assert.Contains(graph.NeedsOf("silo/a"), need => need is { Strength: NeedStrength.Uses, Calls: 2, OneOf: ["host/shop.example:443"] });
    }

    [Fact]
    public void A_tenant_s_part_has_nothing_of_another_tenant_and_nothing_of_what_the_installation_is_made_of()
    {
        var graph = DomainGraphs.Of(Cluster, Seen("a", "b"), Fronts("web"));
        var state = new ContainmentState
        {
            Failing = [new("queue/acme/mail", default, "acme's words", null), new("queue/globex/mail", default, "globex' words", null), new("store/redis", default, "redis is away", null)],
            Containments = [Of(1, "acme", "queue/acme/mail"), Of(2, "globex", "queue/globex/mail"), Of(3, TenantKey.System, "dependency/model")],
            History = [new(1, default, "failing", "queue/acme/mail", 0, "acme's words", null, null), new(2, default, "failing", "queue/globex/mail", 0, "globex' words", null, null), new(3, default, "applied", "dependency/model", 3, "away", null, null)],
        };
        var view = DomainViews.Of(graph, state, new ContainmentOptions(), default(DateTimeOffset), ["the silos: away"], "acme");
        Assert.All(view.Nodes, node => Assert.True(node.Tenant == "acme" || node.Kind == DomainKind.Feature, node.Id));
        Assert.Equal(["queue/acme/mail"], view.Failing.Select(failure => failure.Node));
        Assert.Equal([1L], view.Containments.Select(one => one.Id));
        Assert.Equal([1L], view.History.Select(change => change.Number));
        Assert.Empty(view.Unseen);
        Assert.All(view.Needs.SelectMany(need => need.OneOf.Append(need.From)), id => Assert.Contains(id, view.Nodes.Select(node => node.Id)));
        Assert.DoesNotContain("globex", System.Text.Json.JsonSerializer.Serialize(view));
        Assert.DoesNotContain("redis", System.Text.Json.JsonSerializer.Serialize(view));
        foreach (var hidden in (string[])["queue/globex/mail", "store/redis", "silo/a", "tenant/globex", "part/log", "dependency/model", "never"])
            Assert.Null(DomainViews.Impact(graph, state.Failing, hidden, "acme"));
        var impact = DomainViews.Impact(graph, state.Failing, "feature/ingest", "acme")!;
        Assert.All(impact.Hits, hit => Assert.True(hit.Tenant == "acme" || hit.Kind == DomainKind.Feature));
        Assert.Equal(3, DomainViews.Of(graph, state, new ContainmentOptions(), null, [], null).Failing.Count);
    }

    [Fact]
    public void The_way_is_told_in_words()
    {
        var impact = DomainViews.Impact(DomainGraphs.Of(Cluster, Seen("a", "b"), Fronts("web")), [], "silo/b", null)!;
        Assert.Equal("tenant/acme needs feature/ingest, which needs part/silos, which needs one of 2: silo/b", impact.Hits.First(hit => hit.Node == "tenant/acme").Because);
        Assert.Equal((DomainKind.Tenant, 0, 2, 2), (impact.Counts[0].Kind, impact.Counts[0].Fully, impact.Counts[0].Partly, impact.Counts[0].Of));
    }

    [Fact]
    public void Evidence_finds_its_nodes_and_a_breaker_speaks_for_its_dependency()
    {
        var memory = Seen("a", "b") with
        {
            Silos = [new("a", null), new("b", "it is gone")],
            System = new OwnerSight(TenantKey.System, null, [], [], [new("model", null, false, [])], [new("model", "it did not answer a minute ago"), new("redis", "away"), new("log", "it does not answer"), new("airbyte", "many say so")], []),
            Owners = new SortedDictionary<string, OwnerSight>(StringComparer.Ordinal) { ["acme"] = new("acme", "noisy", [new("crm", [new("airbyte")])], [new("mail", "stuck")], [new("shop", "open", false, [])], [new("airbyte@crm", "refused")], [new(HealthSignal.QueueAge, "behind")]) },
        };
        var found = DomainEvidence.Of(Cluster, memory, ["web"]);
        // Of the model nothing is said: its breaker is closed again, whatever was reported before.
        var graph = DomainGraphs.Of(Cluster, memory, Fronts("web"));
        Assert.All(found.Keys, node => Assert.NotNull(graph.Find(node)));
        // Who fails needs what it needs whether or not it fails.
        Assert.Equal(DomainHit.Fully, BlastRadius.Of(graph, ["source/airbyte"])["source/acme/airbyte@crm"]);
        Assert.Equal(["dependency/acme/shop", "front-end/web", "index/acme/records", "queue/acme/mail", "silo/b", "source/acme/airbyte@crm", "source/airbyte", "store/postgres", "store/redis", "tenant/acme"], found.Keys);
    }

    private static Containment Of(long id, string owner, string node) => new(id, "r", ContainmentStrategy.QuarantineQueue, node, owner, "mail", ContainmentPhase.Proposed, default, "because");

    private static ProcessReport[] Fronts(params string[] names) => [.. names.Select(name => new ProcessReport(name, ProcessRole.FrontEnd, [], []))];

    private static DomainMemory Seen(params string[] silos) => DomainMemory.Nothing with
    {
        Tenants = ["acme", "globex"], Silos = [.. silos.Select(silo => new SiloSight(silo, null))],
        Owners = new SortedDictionary<string, OwnerSight>(StringComparer.Ordinal)
        {
            ["acme"] = new("acme", null, [new("crm", [new("airbyte")]), new("both", [new("airbyte"), new("files")]), new("shop", [new("airbyte", "source-shop")]), new("two", [new("airbyte", "source-shop"), new("files")]), new("desk", [new("airbyte", "source-desk")])],
                [new("mail", null)], [new("source-shop", null, false, [])], [], []),
            ["globex"] = new("globex", null, [new("crm", [new("airbyte")]), new("shop", [new("airbyte", "source-shop")])], [new("mail", null)], [], [], []),
        },
    };
}
