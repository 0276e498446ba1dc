using System.Text.Json;
using Orleans;
using Orleans.Runtime;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: what a breaker did by its rule, and what was done to it, stands in the audit once each. Method: as of BreakerClusterTests, over one log that all silos write to and that may refuse.
public sealed class BreakerClusterAuditTests
{
    private static BreakerOptions Quick => BreakerClusterTests.Quick;

    private static BreakerOptions Patient => BreakerClusterTests.Patient;

    [Fact]
    public async Task That_its_rule_opened_it_and_closed_it_again_stands_in_the_audit_once_each_whatever_came_between()
    {
        await using var silos = await SomeSilos.Start(1, Quick with { LongestBreak = TimeSpan.FromMilliseconds(200) });
        await silos.Fail(0);
        await silos.Comes(BreakerPhase.HalfOpen);
        (await silos.Probe(0)).Report(CallOutcome.Failed);
        await Eventually.Get(() => silos.View(), view => view is { Trips: 2, Phase: BreakerPhase.HalfOpen }, "a second round of probes");
        await Eventually.Comes(async () =>
        {
            await silos.Succeed(0);
            return (await silos.View()).Phase == BreakerPhase.Closed;
        }, "closed");
        var entries = await Eventually.Get(() => Task.FromResult(Audited(silos)), rows => rows.Count == 2, "both entries");
        Assert.Equal(["breaker-opened: acme/model: 5 failures in a row", "breaker-closed: acme/model: the ramp is over"], entries);
        var view = await silos.Ask(0, grain => grain.Set(BreakerHold.None, "ann", "as ever", SomeSilos.Tenant));
        Assert.Equal(BreakerPhase.Closed, view.Phase);
        Assert.Equal("breaker-reset: acme/model: as ever", Audited(silos)[^1]);
        Assert.Equal(3, silos.Log.Rows.Count);
    }

    [Fact]
    public async Task An_opening_that_the_audit_does_not_take_counts_and_is_written_down_once_when_it_can_be_also_by_another_silo()
    {
        await using var silos = await SomeSilos.Start(2, Patient);
        silos.Log.Refuse = _ => new IOException("no disk");
        await silos.Fail(0);
        await silos.Fail(1);
        await silos.Comes(BreakerPhase.Open);
        await silos.Everywhere(BreakerPhase.Open, 0, 1);
        Assert.Empty(silos.Log.Rows);
        var home = silos.Home()!.Value;
        await silos.Kill(home);
        silos.Log.Refuse = _ => null;
        await Eventually.Comes(() =>
        {
            silos.Breaker(1 - home).TryEnter();
            return silos.Log.Rows.Count > 0;
        }, "the entry");
        Assert.StartsWith("breaker-opened: acme/model: 5 failures in a row", Assert.Single(Audited(silos)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_its_phase_was_lost_that_it_is_closed_is_written_down_if_that_it_opened_was(bool hadOpened)
    {
        await using var silos = await SomeSilos.Start(2, Quick);
        silos.Store.LostLately = "breaker";
        await silos.Succeed(0);
        await silos.Succeed(1);
        if (hadOpened)
            await Eventually.Comes(async () =>
            {
                await silos.Fail(0);
                await silos.Fail(1);
                return (await Held(silos)).IsOpenInAudit;
            }, "its opening in the audit");
        var home = silos.Home()!.Value;
        silos.Store.Lose("breaker");
        await silos.Kill(home);
        var left = 1 - home;
        await Eventually.Get(() => silos.View(left), view => view.Epoch > 1, "a higher epoch");
        await Eventually.Comes(async () =>
        {
            await silos.Succeed(left);
            return (await silos.View(left)).Phase == BreakerPhase.Closed;
        }, "closed");
        // What is owed of before comes first.
        await Eventually.Comes(async () =>
        {
            await silos.Fail(left);
            return Audited(silos).Count(row => row.StartsWith("breaker-opened", StringComparison.Ordinal)) == (hadOpened ? 2 : 1);
        }, "that it opened");
        Assert.Equal(hadOpened ? ["breaker-opened", "breaker-closed", "breaker-opened"] : ["breaker-opened"], Audited(silos).Select(row => row.Split(':')[0]));
    }

    [Fact]
    public async Task Who_isolates_it_again_for_another_reason_is_audited_and_shown_and_who_only_asks_again_is_not()
    {
        await using var silos = await SomeSilos.Start(1, Patient);
        await Isolate("ann", "it costs too much");
        await Isolate("ann", "it costs too much");
        var view = await Isolate("bob", "their contract is over");
        Assert.Equal((BreakerHold.Isolated, "bob", "their contract is over"), (view.Hold, view.HeldBy, view.HeldBecause));
        Assert.Equal(["breaker-isolate: acme/model: it costs too much", "breaker-isolate: acme/model: their contract is over"], Audited(silos));
        Assert.Equal(["isolated: their contract is over", "isolated: it costs too much"], view.History.Select(change => change.Because));
        await Eventually.Comes(() => silos.Breaker(0).TryEnter() is { IsRefused: true, Refusal.Text: "model is isolated: their contract is over" }, "the new reason");

        Task<BreakerView> Isolate(string by, string because) => silos.Ask(0, grain => grain.Set(BreakerHold.Isolated, by, because, SomeSilos.Tenant));
    }

    private static async Task<BreakerHeld> Held(SomeSilos silos)
    {
        var held = new GrainState<BreakerHeld>(new BreakerHeld());
        await silos.Store.ReadStateAsync("held", silos.Grains(0).GetGrain<ICircuitBreakerGrain>(TenantKey.Of(SomeSilos.Tenant, "model")).GetGrainId(), held);
        return held.State!;
    }

    /// <summary>What the audit says, in its order.</summary>
    private static IReadOnlyList<string> Audited(SomeSilos silos) => [.. silos.Log.Rows.Select(row => JsonDocument.Parse(row.Payload).RootElement).Select(entry => $"{entry.GetProperty("what").GetString()}: {entry.GetProperty("because").GetString()}")];
}
