namespace Sophia.Resilience;

// Goal: operators are told the newest of each kind, whoever's it is, within bounds, and refusals that came since they were looked at. Method: views of tenants as the watch hands them over.
public sealed class TroubleRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_newest_of_each_kind_are_shown_and_the_others_counted()
    {
        var owners = Enumerable.Range(0, TroublesView.MostOfKind + 50).ToDictionary(n => $"t-{n:000}", n => new OwnerSight($"t-{n:000}", null, [], [], [], [], [])
        {
            Troubles = [new(TroubleKind.DeadWork, "jobs", "dead", Now.AddMinutes(n), null, 1), .. n == 7 ? (TroubleSight[])[new(TroubleKind.Banned, "key:k", "asked on", Now, Now.AddHours(1), 1)] : []],
        });
        var memory = DomainMemory.Nothing.With(new DomainSight(1, [.. owners.Keys, "t-silent"], null, null, [.. owners.Values], [], 0, []), Now);
        var view = TroubleRules.View(memory, Now, inTurn: 150, new ContainmentOptions { TenantsAtOnce = 20, LookEvery = TimeSpan.FromSeconds(5) });
        Assert.Equal((TroublesView.MostOfKind + 1, 50, 150, 1, 40d), (view.Lines.Count, view.LeftOut, view.Tenants, view.NotLookedAt, view.SeenWithinSeconds));
        Assert.Equal(("t-007", TroubleKind.Banned), (view.Lines[0].Owner, view.Lines[0].What.Kind));
        Assert.Equal(("t-149", "t-050"), (view.Lines[1].Owner, view.Lines[^1].Owner));
    }

    [Fact]
    public void What_a_look_found_is_forgotten_with_its_tenant()
    {
        var sight = new OwnerSight("t-0", null, [], [], [], [], []) { Troubles = [new(TroubleKind.Waits, "key:k", "asked on", Now, null, 1)] };
        var memory = DomainMemory.Nothing.With(new DomainSight(1, ["t-0"], null, null, [sight], [], 0, []), Now);
        Assert.Equal(["t-0"], memory.Troubled);
        Assert.Empty(memory.With(new DomainSight(2, [], null, null, [], [], 0, []), Now).Troubled);
    }

    [Fact]
    public void Refusals_count_from_the_first_look_on_and_are_spoken_of_for_a_while()
    {
        var counts = new RefusalCounts();
        Assert.Empty(counts.Since(Refused(1_000), Now)); // Of before: nobody knows of when.
        Assert.Empty(counts.Since(Refused(1_000), Now.AddSeconds(5)));
        Assert.Equal(("search", 12L), (counts.Since(Refused(1_012), Now.AddSeconds(10)).Single().Name, counts.Since(Refused(1_012), Now.AddSeconds(15)).Single().Count));
        Assert.Empty(counts.Since(Refused(1_012), Now.AddSeconds(11) + TroublesView.RefusedFor));
        counts.Keep([]);
        Assert.Empty(counts.Since(Refused(2_000), Now.AddHours(1)));
    }

    private static PoliciesView Refused(long calls) => new("t-0", [], [new BulkheadView("t-0", "search", 1, 1, "", null, [new BulkheadProcess("a", new BulkheadSeen("search", 0, 0, 0, 0, calls, 0))])], 0, 0);
}
