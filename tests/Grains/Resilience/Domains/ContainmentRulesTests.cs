using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: rules do by themselves only what is harmless and within their bounds, end it when it is over, and a person's word stands. Method: each rule by its cases, and long random stories by seed after whose every step all
// promises are looked at.
public sealed class ContainmentRulesTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly DomainTopology Topology = new() { Model = "m:1", Embedding = "e:1", EmbeddingSecondary = "e:2" };

    private readonly ContainmentOptions options = new() { AuditedIn = "t-00" };

    [Theory]
    [InlineData("because", 7, "because")]
    [InlineData("because", 5, "becau")]
    [InlineData("becau\U0001F333", 6, "becau")]
    [InlineData("becau\U0001F333s", 7, "becau\U0001F333")]
    public void A_reason_is_cut_between_characters(string because, int most, string said) => Assert.Equal(said, ContainmentRules.Short(because, most));

    [Fact]
    public void A_dependency_with_another_one_beside_it_is_left_for_that_by_itself()
    {
        var world = new World(this, tenants: 3);
        world.Fail("dependency/embedding");
        world.Pass(59);
        Assert.Empty(world.State.Containments);
        world.Pass(2);
        var one = Assert.Single(world.State.Containments);
        Assert.Equal((ContainmentStrategy.Reroute, ContainmentPhase.Applying, "system", "embedding"), (one.Strategy, one.Phase, one.Owner, one.Name));
        world.Fail("dependency/embedding-secondary");
        world.Do();
        world.Pass(200);
        // Of two that fail the other is no way out.
        Assert.DoesNotContain(world.State.Containments, other => other is { Name: "embedding-secondary", Strategy: ContainmentStrategy.Reroute });
    }

    [Fact]
    public void What_nobody_calls_is_tried_again_after_a_time_and_for_twice_as_long_at_the_next_round()
    {
        var world = new World(this, tenants: 1);
        world.Fail("dependency/model");
        world.Pass(181);
        world.Do();
        Assert.Equal(ContainmentPhase.Applied, world.Last.Phase);
        world.Pass((int)options.HoldFor.TotalSeconds - 1);
        Assert.Equal(ContainmentPhase.Applied, world.Last.Phase);
        world.Pass(2);
        Assert.Equal((ContainmentPhase.Lifting, "it is time to try again"), (world.Last.Phase, world.Last.ByBecause));
        world.Do();
        world.Pass(1); // It fails at once when it is called.
        Assert.Equal((ContainmentPhase.Applying, 2), (world.Last.Phase, world.Last.Round));
        world.Do();
        world.Pass((int)(2 * options.HoldFor.TotalSeconds) - 1);
        Assert.Equal(ContainmentPhase.Applied, world.Last.Phase);
        world.Heal("dependency/model");
        world.Pass(2);
        world.Do();
        world.Pass(60);
        Assert.Equal(ContainmentPhase.Lifted, world.Last.Phase);
        Assert.Empty(world.State.Failing);
        Assert.Equal(2, world.State.Containments.Count);
        Assert.Equal(["failing", "proposed", "applying", "applied", "lifting", "lifted", "proposed", "applying", "applied", "lifting", "lifted", "healed"], world.State.History.Reverse().Select(change => change.What));
    }

    [Fact]
    public void What_a_person_begins_holds_though_nothing_fails_until_its_time_is_over()
    {
        var world = new World(this, tenants: 2);
        world.Begin("dependency/t-01/shop", ContainmentStrategy.OpenBreaker, minutes: 10);
        Assert.Equal((ContainmentPhase.Applying, true, "me"), (world.Last.Phase, world.Last.IsAskedFor, world.Last.By));
        world.Do();
        world.Pass(599);
        Assert.Equal((ContainmentPhase.Applied, (DateTimeOffset?)null), (world.Last.Phase, ContainmentRules.TryAt(world.Last, options)));
        world.Pass(2);
        Assert.Equal((ContainmentPhase.Lifting, "the time that was asked for is over"), (world.Last.Phase, world.Last.ByBecause));
        world.Do();
        world.Pass(100);
        Assert.Equal((ContainmentPhase.Lifted, 1), (world.Last.Phase, world.State.Containments.Count));
        Assert.Equal(["applying", "applied", "lifting", "lifted"], world.State.History.Reverse().Select(change => change.What));
        Assert.Equal(["me", "me", null, null], world.State.History.Reverse().Select(change => change.By));
    }

    [Fact]
    public void What_a_person_begins_and_pins_stays_until_it_is_lifted()
    {
        var world = new World(this, tenants: 2);
        world.Begin("tenant/t-01", ContainmentStrategy.IsolateTenant, minutes: 1);
        world.Do();
        world.Say(ContainmentDecision.Pin);
        world.Do();
        world.Pass(200_000);
        Assert.Equal((ContainmentPhase.Applied, true), (world.Last.Phase, world.Last.IsPinned));
        world.Say(ContainmentDecision.Lift);
        world.Do();
        Assert.Equal(ContainmentPhase.Lifted, world.Last.Phase);
    }

    [Fact]
    public void Nothing_is_begun_twice_nor_beside_a_proposal_nor_where_what_must_go_on_needs_it()
    {
        var world = new World(this, tenants: 2);
        world.Begin("queue/t-01/mail", ContainmentStrategy.QuarantineQueue, minutes: 10);
        var version = world.State.Version;
        world.Begin("queue/t-01/mail", ContainmentStrategy.QuarantineQueue, minutes: 10); // The same word once more.
        Assert.Equal((version, 1), (world.State.Version, world.State.Containments.Count));
        Assert.Contains("does it already", Assert.Throws<RefusedException>(() => world.Begin("queue/t-01/mail", ContainmentStrategy.QuarantineQueue, 10, because: "other")).Message, StringComparison.Ordinal);
        world.Fail("queue/t-00/mail");
        world.Pass(61);
        Assert.Contains("approve that one", Assert.Throws<RefusedException>(() => world.Begin("queue/t-00/mail", ContainmentStrategy.QuarantineQueue, 10)).Message, StringComparison.Ordinal);
        Assert.Contains("Nothing else", Assert.Throws<RefusedException>(() => world.Begin("dependency/t-00/shop", ContainmentStrategy.Reroute, 10)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_source_is_left_to_its_breaker()
    {
        var world = new World(this, tenants: 2);
        world.Fail("dependency/t-00/source-shop");
        world.Pass(200);
        Assert.Equal((ContainmentPhase.Proposed, "what a source brings comes no other way"), (world.Last.Phase, world.Last.NotByItself));
    }

    [Fact]
    public void What_takes_the_last_way_of_a_pipeline_waits_for_a_person()
    {
        var world = new World(this, tenants: 2);
        world.Source = true;
        world.Fail("dependency/t-00/shop");
        world.Pass(200);
        Assert.Equal((ContainmentPhase.Proposed, "pipeline/t-00/shop has no other way"), (world.Last.Phase, world.Last.NotByItself));
        world.Say(ContainmentDecision.Approve);
        Assert.Equal((ContainmentPhase.Applying, true), (world.Last.Phase, world.Last.IsAskedFor));
        world.Do();
        world.Say(ContainmentDecision.Pin);
        world.Do();
        world.Pass(100_000);
        Assert.Equal((ContainmentPhase.Applied, true), (world.Last.Phase, world.Last.IsPinned));
        world.Say(ContainmentDecision.Lift);
        world.Do();
        world.Pass(1_000);
        // A person ended it: while the failure lasts nobody begins it again.
        Assert.Equal((ContainmentPhase.Lifted, 1), (world.Last.Phase, world.State.Containments.Count));
    }

    [Fact]
    public void What_was_declined_is_not_proposed_again_before_the_failure_was_over()
    {
        var world = new World(this, tenants: 2);
        world.Fail("queue/t-01/mail");
        world.Pass(61);
        world.Say(ContainmentDecision.Decline);
        world.Pass(10_000);
        Assert.Equal((ContainmentPhase.Declined, 1), (world.Last.Phase, world.State.Containments.Count));
        world.Heal("queue/t-01/mail");
        world.Pass(60);
        world.Fail("queue/t-01/mail");
        world.Pass(61);
        Assert.Equal((ContainmentPhase.Proposed, 2), (world.Last.Phase, world.State.Containments.Count));
        world.Heal("queue/t-01/mail");
        world.Pass(60);
        Assert.Equal(ContainmentPhase.Withdrawn, world.Last.Phase);
    }

    [Fact]
    public void Whatever_a_person_holds_is_left_to_them()
    {
        var world = new World(this, tenants: 1);
        world.Fail("dependency/model");
        world.Pass(181);
        world.Settle(new ContainmentOutcome(world.Last.Id, ContainmentActKind.Apply, Done: true, InPlace: false, "default 1234 holds it already"));
        Assert.Equal((ContainmentPhase.Lifted, "default 1234 holds it already"), (world.Last.Phase, world.Last.Note));
        world.Pass(1_000);
        Assert.Single(world.State.Containments);
    }

    [Fact]
    public void What_was_lifted_is_looked_after_each_ten_seconds_for_two_minutes_and_then_no_more()
    {
        var world = new World(this, tenants: 1);
        world.Fail("dependency/model");
        world.Pass(181);
        world.Do();
        world.Heal("dependency/model");
        world.Pass((int)options.HoldFor.TotalSeconds + 1);
        world.Do();
        var looks = 0;
        for (var second = 0; second < 300; second++)
        {
            world.Pass(1);
            looks += ContainmentRules.Acts(world.State, options, world.Now).Count(act => act.Kind == ContainmentActKind.Lift);
            world.Do();
        }
        Assert.Equal((ContainmentPhase.Lifted, 11), (world.Last.Phase, looks));
    }

    // Whatever the rhythm: what is contained stays so for its time, and what recovers between its failures is not contained at all.
    [Fact]
    public void A_flapping_dependency_does_not_make_containment_flap()
    {
        foreach (var (bad, good) in from bad in (int[])[1, 3, 10, 40, 170] from good in (int[])[1, 3, 10, 29, 32, 200] select (bad, good))
        {
            var world = new World(this, tenants: 1);
            for (var second = 0; second < 2 * 3_600; second++)
            {
                if (second % (bad + good) == 0)
                    world.Fail("dependency/model");
                if (second % (bad + good) == bad)
                    world.Heal("dependency/model");
                world.Pass(1);
                world.Do();
            }
            var steps = world.State.History.Reverse().Where(change => change.What is "applied" or "lifted").ToArray();
            if (good > options.HealFor.TotalSeconds)
            {
                Assert.True(steps.Length == 0, $"{bad} s bad, {good} s good: {string.Join(", ", steps.Select(step => $"{step.What} {step.At:HH:mm:ss}"))}");
                continue;
            }
            Assert.True(steps.Length > 0, $"{bad} s bad, {good} s good: never contained");
            // For 5, 10, 20, 40 and 60 minutes of two hours.
            Assert.True(steps.Count(step => step.What == "applied") is >= 4 and <= 6, $"{bad} s bad, {good} s good: {steps.Length} steps");
            foreach (var (applied, lifted) in steps.Zip(steps.Skip(1)).Where(pair => pair.First.What == "applied"))
                Assert.True(lifted.At - applied.At >= options.HoldFor, $"{bad} s bad, {good} s good: lifted after {lifted.At - applied.At}");
        }
    }

    [Fact]
    public void A_proposal_stands_while_its_reason_comes_and_goes()
    {
        var world = new World(this, tenants: 2);
        for (var second = 0; second < 3_600; second++)
        {
            if (second % 8 == 0)
                world.Fail("tenant/t-01");
            if (second % 8 == 4)
                world.Heal("tenant/t-01");
            world.Pass(1);
        }
        // Once each: offer less, then isolate.
        Assert.Equal([(ContainmentStrategy.Shed, ContainmentPhase.Proposed), (ContainmentStrategy.IsolateTenant, ContainmentPhase.Proposed)], world.State.Containments.Select(one => (one.Strategy, one.Phase)));
        Assert.Equal(["failing", "proposed", "proposed"], world.State.History.Reverse().Select(change => change.What));
    }

    [Fact]
    public void What_somebody_ended_by_hand_ends_here_too()
    {
        var world = new World(this, tenants: 1);
        world.Fail("dependency/model");
        world.Pass(181);
        world.Do();
        world.Pass(61);
        Assert.Equal(ContainmentActKind.Check, Assert.Single(ContainmentRules.Acts(world.State, options, world.Now)).Kind);
        world.Settle(new ContainmentOutcome(world.Last.Id, ContainmentActKind.Check, Done: true, InPlace: false, "somebody else ended it"));
        Assert.Equal(ContainmentPhase.Lifted, world.Last.Phase);
    }

    [Fact]
    public void Tenants_are_touched_up_to_a_share_the_one_that_looks_after_all_never_and_the_rest_is_proposed()
    {
        options.Rules = [new() { Name = "isolate", Kind = DomainKind.Tenant, Strategy = ContainmentStrategy.IsolateTenant, Mode = ContainmentMode.Apply, AfterSeconds = 0 }];
        var world = new World(this, tenants: 25);
        foreach (var tenant in Enumerable.Range(0, 6))
            world.Fail($"tenant/t-{tenant:00}");
        world.Pass(10);
        Assert.Equal(2, world.State.Containments.Count(one => one.Holds));
        Assert.Equal("that tenant looks after the installation", world.State.Containments.First(one => one.Owner == "t-00").NotByItself);
        Assert.Equal("of 25 tenants rules may hold 2", world.Last.NotByItself);
        world.Say(ContainmentDecision.Approve);
        Assert.Equal(3, world.State.Containments.Count(one => one.Holds));
    }

    [Theory]
    [InlineData(ContainmentDecision.Approve, ContainmentPhase.Declined)]
    [InlineData(ContainmentDecision.Approve, ContainmentPhase.Lifted)]
    [InlineData(ContainmentDecision.Decline, ContainmentPhase.Applied)]
    [InlineData(ContainmentDecision.Lift, ContainmentPhase.Proposed)]
    [InlineData(ContainmentDecision.Pin, ContainmentPhase.Proposed)]
    [InlineData(ContainmentDecision.Pin, ContainmentPhase.Withdrawn)]
    public void What_cannot_be_said_in_a_phase_is_refused(ContainmentDecision decision, ContainmentPhase phase)
    {
        var one = new Containment(1, "r", ContainmentStrategy.Shed, "tenant/t-00", "t-00", "", phase, Start, "b");
        Assert.Null(ContainmentRules.Decide(new ContainmentState { Containments = [one], LastId = 1 }, one, decision, "me", "so", Start));
    }

    [Fact]
    public void Through_any_story_rules_keep_their_bounds_touch_no_core_and_all_is_lifted_in_the_end()
    {
        options.Rules = [.. ShippedContainment.Rules.Select(rule => rule with { Mode = ContainmentMode.Apply, AfterSeconds = rule.AfterSeconds / 10 })];
        var (applied, proposed) = (0, 0);
        for (var seed = 0; seed < 30; seed++)
        {
            var (random, world) = (new Random(seed), new World(this, tenants: 20) { Source = true });
            string[] nodes = ["dependency/model", "dependency/embedding", "dependency/embedding-secondary", "dependency/t-01/shop", "queue/t-02/mail", "tenant/t-03", "tenant/t-04", "tenant/t-05", "tenant/t-06", "store/sqlite", "silo/a"];
            for (var step = 0; step < 80; step++)
            {
                var node = nodes[random.Next(nodes.Length)];
                switch (random.Next(6))
                {
                    case 0 or 1:
                        world.Fail(node);
                        break;
                    case 2:
                        world.Heal(node);
                        break;
                    case 3 when world.State.Containments.Where(one => one.IsOpen).ToArray() is { Length: > 0 } open:
                        var (one, decision) = (open[random.Next(open.Length)], (ContainmentDecision)random.Next(1, 5));
                        if (decision != ContainmentDecision.Pin && ContainmentRules.Decide(world.State, one, decision, "me", "so", world.Now) is { } said)
                            world.State = said;
                        break;
                    case 4:
                        world.Do(random.Next(3) > 0);
                        break;
                }
                world.Pass(random.Next(1, 60));
                Keeps(world, seed);
                applied = Math.Max(applied, world.State.Containments.Count(one => one.Holds));
                proposed += world.State.Containments.Count(one => one.Phase == ContainmentPhase.Proposed);
            }
            foreach (var node in nodes)
                world.Heal(node);
            for (var minute = 0; minute < 3_000 && world.State.Containments.Any(one => one.IsOpen); minute++)
            {
                world.Do();
                world.Pass(60);
            }
            Assert.DoesNotContain(world.State.Containments, one => one.IsOpen);
            Assert.Empty(world.State.Failing);
        }
        Assert.True(applied >= 3 && proposed > 30, $"{applied} at once, {proposed} proposals");
    }

    [Theory]
    [InlineData(ContainmentStrategy.IsolateTenant, DomainKind.Queue)]
    [InlineData(ContainmentStrategy.OpenBreaker, DomainKind.Store)]
    [InlineData(ContainmentStrategy.Reroute, DomainKind.Feature)]
    [InlineData(ContainmentStrategy.QuarantineQueue, DomainKind.Tenant)]
    [InlineData(ContainmentStrategy.Shed, DomainKind.Feature)]
    public void A_rule_that_cannot_be_meant_is_refused(ContainmentStrategy strategy, DomainKind kind) =>
        Assert.NotNull(new ContainmentOptions { Rules = [new() { Name = "r", Kind = kind, Strategy = strategy }] }.Wrong());

    [Fact]
    public void The_shipped_rules_can_be_meant_and_do_by_themselves_only_what_takes_nothing_from_a_tenant()
    {
        Assert.Null(new ContainmentOptions().Wrong());
        Assert.All(ShippedContainment.Rules.Where(rule => rule.Mode == ContainmentMode.Apply), rule => Assert.True(rule.Strategy is ContainmentStrategy.Reroute or ContainmentStrategy.OpenBreaker));
    }

    private void Keeps(World world, int seed)
    {
        var held = world.State.Containments.Where(one => one is { Holds: true, IsAskedFor: false }).ToArray();
        Assert.True(held.Length <= options.MostByItself, $"seed {seed}");
        Assert.True(held.Where(one => one.HitsATenant).Select(one => one.Owner).Distinct().Count() <= 2, $"seed {seed}: {string.Join(", ", held.Select(one => one.Node))}");
        Assert.DoesNotContain(held, one => one.HitsATenant && one.Owner is TenantKey.System or "t-00");
        Assert.DoesNotContain(world.State.Containments, one => one.Blinds && one.Strategy != ContainmentStrategy.QuarantineQueue && BlastRadius.Of(world.Graph, [one.Node]) is var radius && DomainIds.Core.Any(core => radius[core] != DomainHit.Not));
        var targets = world.State.Containments.Where(one => one.Holds && one.Blinds).Select(one => (one.Owner, one.Name)).ToArray();
        Assert.Equal(targets.Length, targets.Distinct().Count());
        Assert.Equal(world.State.History.Select(change => change.Number), world.State.History.Select(change => change.Number).OrderDescending());
    }

    /// <summary>Nodes that fail and heal, and hands that do what is decided; what is not called says nothing of itself.</summary>
    private sealed class World(ContainmentRulesTests of, int tenants)
    {
        private readonly SortedSet<string> failing = new(StringComparer.Ordinal);
        private IReadOnlyList<DomainFailure> known = [];

        public DateTimeOffset Now { get; private set; } = Start;

        public ContainmentState State { get; set; } = new();

        public bool Source { get; set; }

        public Containment Last => State.Containments[^1];

        public DomainGraph Graph => field ??= Made();

        public void Fail(string node) => failing.Add(node);

        public void Heal(string node) => failing.Remove(node);

        public void Begin(string node, ContainmentStrategy strategy, int minutes, string because = "so") =>
            State = ContainmentRules.Begin(State, new ContainmentPicture(Graph, known), Graph.Find(node)!, strategy, Now.AddMinutes(minutes), "me", because, Now).After;

        public void Say(ContainmentDecision decision) => State = ContainmentRules.Decide(State, Last, decision, "me", "so", Now)!;

        public void Settle(ContainmentOutcome outcome) => State = ContainmentRules.Settle(State, outcome, Now);

        /// <summary>Looks once a second for so long, or once where that is long.</summary>
        public void Pass(int seconds)
        {
            for (var second = 0; second < (seconds > 5_000 ? 1 : seconds); second++)
            {
                Now += TimeSpan.FromSeconds(seconds > 5_000 ? seconds : 1);
                var blind = State.Containments.Where(one => one is { Holds: true, Blinds: true }).Select(one => one.Node).ToHashSet();
                known = FailureRules.See(known, failing.Where(node => !blind.Contains(node)).ToDictionary(node => node, _ => "it fails"), blind.Contains, of.options.HealFor, Now);
                State = ContainmentRules.See(State, new ContainmentPicture(Graph, known), of.options, Now);
            }
        }

        public void Do(bool works = true)
        {
            foreach (var act in ContainmentRules.Acts(State, of.options, Now))
                Settle(new ContainmentOutcome(act.Containment, act.Kind, works, act.Kind != ContainmentActKind.Lift, works ? null : "away"));
        }

        private DomainGraph Made()
        {
            var names = Enumerable.Range(0, tenants).Select(n => $"t-{n:00}").ToArray();
            var owners = new SortedDictionary<string, OwnerSight>(StringComparer.Ordinal);
            foreach (var name in names)
                owners[name] = new OwnerSight(name, null, [new("shop", [new("shop")])], [new("mail", null)], [new("shop", null, false, []), new("source-shop", null, false, [])], [], []);
            var graph = DomainGraphs.Of(Topology, DomainMemory.Nothing with { Tenants = names, Silos = [new("a", null), new("b", null)], Owners = owners }, []);
            return !Source ? graph : new DomainGraph(graph.Nodes, [.. graph.Needs, .. names.Select(name => new DomainNeed($"pipeline/{name}/shop", [$"dependency/{name}/shop"], NeedStrength.Hard))]);
        }
    }
}
