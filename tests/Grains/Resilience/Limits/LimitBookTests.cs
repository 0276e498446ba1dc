using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Orleans;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Goal: what several silos are told of one tenant's limits: nested, exact, divided, set by an operator, with waits and bans. Method: silos of one cluster over real time.</summary>
public sealed class LimitBookTests
{
    private static readonly LimitAsking Asking = new(SomeSilos.Tenant, "test", Key: "k1", Route: "GET /a", Address: "192.0.2.1");

    [Fact]
    public async Task A_limit_that_is_counted_exactly_admits_exactly_so_much_over_four_silos()
    {
        await using var silos = await SomeSilos.Start(4, new BreakerOptions(), Exact(100, 36_000));
        var admitted = 0;
        await Task.WhenAll(Enumerable.Range(0, 200).Select(async call =>
        {
            if ((await silos.Limits(call % 4).TryTake(Asking)).IsAdmitted)
                Interlocked.Increment(ref admitted);
        }));
        Assert.Equal(100, admitted);
        var refused = await silos.Limits(0).TryTake(Asking);
        Assert.InRange(refused.RefusedBy!.Value.Answer.RetryAfter, TimeSpan.FromHours(9), TimeSpan.FromHours(12));
    }

    [Fact]
    public async Task Where_one_of_several_limits_refuses_none_is_charged_and_a_dry_decision_charges_nothing()
    {
        await using var silos = await SomeSilos.Start(1, new BreakerOptions(),
            new LimitPolicy { Name = "wide", Resource = "test", Limit = 0.001, Burst = 1_000 }, Exact(1, 36_000) with { Name = "narrow", Per = LimitPer.Key });
        var limits = silos.Limits(0);
        await Eventually.Comes(async () => (await limits.For(SomeSilos.Tenant, "wide")!.Ask()).Remaining > 900, "a share");
        var before = (await limits.For(SomeSilos.Tenant, "wide")!.Look()).Remaining;
        Assert.True((await limits.Look(Asking)).IsAdmitted);
        Assert.True((await limits.TryTake(Asking)).IsAdmitted);
        for (var i = 0; i < 50; i++)
            Assert.Equal("narrow", (await limits.TryTake(Asking)).RefusedBy!.Value.Limit.Name);
        Assert.False((await limits.Look(Asking)).IsAdmitted);
        Assert.True((await limits.TryTake(Asking with { Key = "k2" })).IsAdmitted);
        Assert.Equal(before - 2, (await limits.For(SomeSilos.Tenant, "wide")!.Look()).Remaining);
    }

    [Theory]
    [InlineData(LimitAlgorithm.TokenBucket)]
    [InlineData(LimitAlgorithm.FixedWindow)]
    [InlineData(LimitAlgorithm.Concurrency)]
    public async Task A_refusal_by_a_process_without_a_share_says_so_and_is_no_offence(LimitAlgorithm algorithm)
    {
        await using var silos = await SomeSilos.Start(1, new BreakerOptions(), new PenaltyRules { Free = 0 },
            new LimitPolicy { Name = "new", Resource = "test", Per = LimitPer.Key, Algorithm = algorithm, Limit = 50, Window = algorithm == LimitAlgorithm.FixedWindow ? TimeSpan.FromMinutes(1) : TimeSpan.FromSeconds(1) });
        await silos.Replicas(0).StopAsync(default); // No share ever comes.
        Assert.True((await silos.Limits(0).TryTake(Asking)).IsAdmitted);
        var refused = (await silos.Limits(0).TryTake(Asking)).RefusedBy!.Value.Answer;
        Assert.Equal((true, TimeSpan.FromSeconds(1)), (refused.IsUnshared, refused.RetryAfter));
        IReplicaUser<LimitBookCopy> book = silos.Books(0).Of(SomeSilos.Tenant);
        Assert.Null(book.Report());
        Assert.False((await silos.Limits(0).TryTake(Asking with { Cost = 1_000 })).RefusedBy!.Value.Answer.IsUnshared);
        Assert.NotNull(book.Report());
    }

    [Theory]
    [InlineData(LimitAlgorithm.SlidingWindow)]
    [InlineData(LimitAlgorithm.Concurrency)]
    public async Task A_window_and_places_hold_over_four_silos(LimitAlgorithm algorithm)
    {
        await using var silos = await SomeSilos.Start(4, new BreakerOptions(), new LimitPolicy { Name = "window", Resource = "test", Algorithm = algorithm, Limit = 400, Window = TimeSpan.FromMinutes(1) });
        var (clock, admitted) = (Stopwatch.StartNew(), 0);
        // Each silo asks until the shares are about, and then on for what is too much.
        await Eventually.Comes(async () =>
        {
            await Ask();
            return admitted >= 380;
        }, "what may be had");
        for (var more = 0; more < 1_000; more++)
            await Ask();
        var windows = algorithm == LimitAlgorithm.Concurrency ? 1 : (int)Math.Ceiling(clock.Elapsed / TimeSpan.FromMinutes(1)); // One, unless the machine is very slow.
        Assert.InRange(admitted, 380, windows * (400 + (4 * 4)));

        async Task Ask()
        {
            for (var silo = 0; silo < 4; silo++)
                if ((await silos.Limits(silo).TryTake(Asking)).IsAdmitted)
                    admitted++;
        }
    }

    [Fact]
    public async Task Terms_that_an_operator_sets_count_in_every_silo_and_are_taken_back()
    {
        await using var silos = await SomeSilos.Start(2, new BreakerOptions(), Exact(1_000, 36_000));
        await silos.Limits(1).TryTake(Asking);
        await Book(silos, book => book.Set(new LimitOverride("exact", silos.Limits(0).With("exact", 3, null, null).Terms, "acme k1", "it asks too much", DateTimeOffset.UtcNow), SomeSilos.Tenant));
        await Eventually.Comes(async () => (await silos.Limits(1).TryTake(Asking)).RefusedBy?.Limit.Terms.Limit == 3, "the terms that were set");
        var view = await Book(silos, book => book.View());
        Assert.Equal(("exact", 3.0), (view.Set.Single().Limit, view.Set.Single().Terms.Limit));
        Assert.Equal(("set", "acme k1"), (view.History[0].What, view.History[0].By));
        await Book(silos, book => book.Reset("exact", "acme k1", "as ever", SomeSilos.Tenant));
        await Eventually.Comes(async () => (await silos.Limits(1).TryTake(Asking)).IsAdmitted, "the terms that are configured");
        Assert.Throws<FormatException>(() => silos.Limits(0).With("exact", -1, null, null));
        Assert.Throws<FormatException>(() => silos.Limits(0).With("no-such", 1, null, null));
    }

    [Fact]
    public async Task Whoever_asks_on_waits_then_is_banned_in_every_silo_also_after_a_restart_until_he_is_released()
    {
        var rules = new PenaltyRules { Free = 0, BannedAfter = 1, FirstWait = TimeSpan.FromMilliseconds(1), LongestWait = TimeSpan.FromSeconds(1), FirstBan = TimeSpan.FromMinutes(10) };
        await using var silos = await SomeSilos.Start(2, new BreakerOptions(), rules, Exact(1, 36_000) with { Per = LimitPer.Key });
        await Eventually.Comes(async () => (await silos.Limits(0).TryTake(Asking)).Penalty is { IsBan: true }, "a ban");
        await Eventually.Comes(async () => (await silos.Limits(1).TryTake(Asking)).Penalty is { IsBan: true, Of: "key:k1" }, "a ban on the other silo");
        Assert.True((await silos.Limits(1).TryTake(Asking with { Key = "k2" })).IsAdmitted);
        var home = silos.HomeOf(silos.Grains(0).GetGrain<ILimitBookGrain>(TenantKey.Of(SomeSilos.Tenant)))!.Value;
        await silos.Kill(home);
        var lives = 1 - home;
        var view = await Eventually.Get(() => Book(silos, book => book.View(), lives), view => view.Offenders.Count > 0, "the book of the other silo");
        Assert.True(view.Offenders.Single().IsBanned);
        Assert.Contains("asked on and on", view.History.Single(change => change.What == "ban").Because);
        await Book(silos, book => book.Release("key:k1", "acme k0", "it is mended", SomeSilos.Tenant), lives);
        await Eventually.Comes(async () => (await silos.Limits(lives).TryTake(Asking)) is { Penalty: null }, "released");
        await Assert.ThrowsAsync<RefusedException>(() => Book(silos, book => book.Release("key:never", "acme k0", "x", SomeSilos.Tenant), lives));
    }

    [Fact]
    public async Task A_release_that_could_not_be_written_down_can_be_said_again()
    {
        var rules = new PenaltyRules { Free = 0, BannedAfter = 1, FirstWait = TimeSpan.FromMilliseconds(1), LongestWait = TimeSpan.FromSeconds(1), FirstBan = TimeSpan.FromMinutes(10) };
        await using var silos = await SomeSilos.Start(1, new BreakerOptions(), rules, Exact(1, 36_000) with { Per = LimitPer.Key });
        await Eventually.Comes(async () => (await silos.Limits(0).TryTake(Asking)).Penalty is { IsBan: true }, "a ban");
        silos.Log.Refuse = _ => new IOException("no disk");
        await Assert.ThrowsAsync<IOException>(() => Book(silos, book => book.Release("key:k1", "acme k0", "it is mended", SomeSilos.Tenant)));
        Assert.True((await Book(silos, book => book.View())).Offenders.Single().IsBanned);
        silos.Log.Refuse = _ => null;
        Assert.Empty((await Book(silos, book => book.Release("key:k1", "acme k0", "it is mended", SomeSilos.Tenant))).Offenders);
    }

    [Fact]
    public async Task A_ban_that_the_audit_does_not_take_counts_also_after_its_silo_died_and_is_written_down_once_when_it_can_be()
    {
        var rules = new PenaltyRules { Free = 0, BannedAfter = 1, FirstWait = TimeSpan.FromMilliseconds(1), LongestWait = TimeSpan.FromSeconds(1), FirstBan = TimeSpan.FromMinutes(10) };
        await using var silos = await SomeSilos.Start(2, new BreakerOptions(), rules, Exact(1, 36_000) with { Per = LimitPer.Key });
        silos.Log.Refuse = _ => new IOException("no disk");
        await Eventually.Comes(async () => (await silos.Limits(0).TryTake(Asking)).Penalty is { IsBan: true }, "a ban");
        Assert.Empty(silos.Log.Rows);
        var home = silos.HomeOf(silos.Grains(0).GetGrain<ILimitBookGrain>(TenantKey.Of(SomeSilos.Tenant)))!.Value;
        await silos.Kill(home);
        var view = await Eventually.Get(() => Book(silos, book => book.View(), 1 - home), view => view.Offenders.Count > 0, "the book of the other silo");
        Assert.True(view.Offenders.Single().IsBanned);
        silos.Log.Refuse = _ => null;
        await Eventually.Comes(async () =>
        {
            await silos.Limits(1 - home).TryTake(Asking);
            return silos.Log.Rows.Count > 0;
        }, "the entry");
        var entry = JsonDocument.Parse(silos.Log.Rows.Single().Payload).RootElement;
        Assert.Equal(("limit-ban", view.History.Single(change => change.What == "ban").At), (entry.GetProperty("what").GetString(), entry.GetProperty("at").GetDateTimeOffset()));
    }

    [Fact]
    public async Task Bans_that_the_audit_will_never_have_are_counted_in_the_metrics_and_told_to_it_in_one_entry()
    {
        var rules = new PenaltyRules { Free = 0, BannedAfter = 1, FirstWait = TimeSpan.FromMilliseconds(1), LongestWait = TimeSpan.FromSeconds(1), FirstBan = TimeSpan.FromMinutes(10) };
        await using var silos = await SomeSilos.Start(1, new BreakerOptions(), rules, Exact(1, 36_000) with { Per = LimitPer.Key });
        var owed = Enumerable.Range(0, Offenders.Most).Select(number => new LimitChange(DateTimeOffset.UnixEpoch.AddSeconds(number), "ban", $"key:old{number}", "asked on", null)).ToArray();
        await silos.Store.WriteStateAsync("limits", silos.Grains(0).GetGrain<ILimitBookGrain>(TenantKey.Of(SomeSilos.Tenant)).GetGrainId(), new GrainState<LimitBookState>(new LimitBookState { Unaudited = owed, LeftOut = 6, LeftOutTold = 6 }));
        var counted = 0L;
        using var meter = new MeterListener { InstrumentPublished = (instrument, listener) => { if (instrument.Name == "sophia.limit.bans.unaudited") listener.EnableMeasurementEvents(instrument); } };
        meter.SetMeasurementEventCallback<long>((_, measured, _, _) => Interlocked.Add(ref counted, measured));
        meter.Start();
        silos.Log.Refuse = _ => new IOException("no disk");
        await Eventually.Comes(async () => (await silos.Limits(0).TryTake(Asking)).Penalty is { IsBan: true }, "a ban");
        await Eventually.Comes(() => Interlocked.Read(ref counted) == 1, "the count of what the audit will not have");
        Assert.Empty(silos.Log.Rows);
        silos.Log.Refuse = _ => null;
        await Eventually.Comes(async () =>
        {
            await silos.Limits(0).TryTake(Asking);
            return silos.Log.Rows.Count == Offenders.Most + 1;
        }, "the entries");
        var entries = silos.Log.Rows.Select(row => JsonDocument.Parse(row.Payload).RootElement).ToList();
        Assert.StartsWith("7 bans have no entry here", entries.Single(entry => entry.GetProperty("what").GetString() == "limit-bans-left-out").GetProperty("because").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(entries, entry => entry.GetProperty("because").GetString()!.StartsWith("key:old0:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_words_of_a_release_count_again_where_he_waits_again()
    {
        var rules = new PenaltyRules { Free = 0, BannedAfter = 1_000, FirstWait = TimeSpan.FromMinutes(1), LongestWait = TimeSpan.FromMinutes(1) };
        await using var silos = await SomeSilos.Start(1, new BreakerOptions(), rules, Exact(1, 36_000) with { Per = LimitPer.Key });
        for (var releases = 1; releases <= 2; releases++)
        {
            await Eventually.Comes(async () => !(await silos.Limits(0).TryTake(Asking)).IsAdmitted && (await Book(silos, book => book.View())).Offenders.Count > 0, "a wait");
            var view = await Book(silos, book => book.Release("key:k1", "acme k0", "it is mended", SomeSilos.Tenant));
            Assert.Equal((0, releases), (view.Offenders.Count, view.History.Count(change => change.What == "release")));
        }
    }

    private static LimitPolicy Exact(double limit, int seconds) => new() { Name = "exact", Resource = "test", Algorithm = LimitAlgorithm.SlidingWindow, Limit = limit, Window = TimeSpan.FromSeconds(seconds), Exact = true };

    private static async Task<LimitBookView> Book(SomeSilos silos, Func<ILimitBookGrain, Task<LimitBookView>> ask, int silo = 0)
    {
        using var _ = CallerContext.ForSystem("test");
        return await ask(silos.Grains(silo).GetGrain<ILimitBookGrain>(TenantKey.Of(SomeSilos.Tenant)));
    }
}
