using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sophia.Knowledge;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Goal: who is the first in a process to ask a divided limit waits for its share rather than be refused, and for no longer than he should. Method: the limits of one process, shares by hand, and a clock that stands until it is moved.</summary>
public sealed class NewcomerTests
{
    private static readonly TenantId Tenant = TenantId.Parse("acme");
    private static readonly LimitAsking Asking = new(Tenant, "test", Key: "k1");
    private readonly ManualTime time = new();

    [Theory]
    [InlineData(LimitAlgorithm.TokenBucket)]
    [InlineData(LimitAlgorithm.FixedWindow)]
    [InlineData(LimitAlgorithm.SlidingWindow)]
    [InlineData(LimitAlgorithm.Concurrency)]
    public async Task He_is_admitted_as_soon_as_there_is_a_share_and_holds_nothing_meanwhile(LimitAlgorithm algorithm)
    {
        var limits = Of(Wide, New with { Algorithm = algorithm });
        Assert.True((await limits.TryTake(Asking)).IsAdmitted);
        var waits = limits.TryTake(Asking).AsTask();
        Assert.False(waits.IsCompleted);
        Assert.Equal(9, (await limits.For(Tenant, "wide")!.Look()).Remaining);
        Assert.True((await limits.Look(Asking)).RefusedBy!.Value.Answer.IsUnshared);
        Share(limits, 0);
        Assert.False(waits.IsCompleted);
        Share(limits, QuotaRules.Whole);
        Assert.True((await waits).IsAdmitted);
        Assert.Equal(8, (await limits.For(Tenant, "wide")!.Look()).Remaining);
        Assert.Equal(TimeSpan.Zero, time.GetUtcNow() - DateTimeOffset.UnixEpoch);
        Assert.True((await limits.TryTake(Asking)).IsAdmitted);
    }

    [Fact]
    public async Task Where_no_share_comes_he_is_refused_after_a_quarter_of_a_second_and_did_nothing_wrong()
    {
        var limits = Of(Wide, New);
        Assert.True((await limits.TryTake(Asking)).IsAdmitted);
        var waits = limits.TryTake(Asking).AsTask();
        await Pass(100);
        await Pass(100);
        await time.TimerSet();
        time.Advance(TimeSpan.FromMilliseconds(49));
        Assert.False(waits.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        var refused = await waits;
        Assert.Equal(("new", true), (refused.RefusedBy!.Value.Limit.Name, refused.RefusedBy.Value.Answer.IsUnshared));
        Assert.Null(((IReplicaUser<LimitBookCopy>)books!.Of(Tenant)).Report());
        Assert.Equal(9, (await limits.For(Tenant, "wide")!.Look()).Remaining);
    }

    [Fact]
    public async Task Who_goes_is_waited_for_no_more_and_charged_nothing()
    {
        var limits = Of(Wide, New);
        Assert.True((await limits.TryTake(Asking)).IsAdmitted);
        using var gone = new CancellationTokenSource();
        var waits = limits.TryTake(Asking, gone.Token).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits);
        Assert.Equal(9, (await limits.For(Tenant, "wide")!.Look()).Remaining);
    }

    [Fact]
    public async Task A_deadline_ends_the_wait_sooner()
    {
        var limits = Of(New);
        Assert.True((await limits.TryTake(Asking)).IsAdmitted);
        Task<LimitTaken> waits;
        using (Deadline.Until(time.GetUtcNow() + TimeSpan.FromMilliseconds(50)))
            waits = limits.TryTake(Asking).AsTask();
        await Pass(50);
        Assert.True((await waits).RefusedBy!.Value.Answer.IsUnshared);
        using (Deadline.Until(time.GetUtcNow()))
            Assert.True((await limits.TryTake(Asking)).RefusedBy!.Value.Answer.IsUnshared);
    }

    [Fact]
    public async Task All_limits_together_are_waited_for_once()
    {
        var limits = Of(New with { Name = "other", Per = LimitPer.Tenant }, New);
        Assert.True((await limits.TryTake(Asking)).IsAdmitted);
        var waits = limits.TryTake(Asking).AsTask();
        await Pass(100);
        await time.TimerSet();
        Share(limits, QuotaRules.Whole, "other", null);
        await time.TimerSet();
        time.Advance(TimeSpan.FromMilliseconds(100));
        await Pass(50);
        Assert.Equal("new", (await waits).RefusedBy!.Value.Limit.Name);
    }

    [Fact]
    public async Task So_many_wait_at_a_time_and_more_are_refused_at_once()
    {
        var limits = Of(New);
        Assert.True((await limits.TryTake(Asking)).IsAdmitted);
        var wait = Enumerable.Range(0, Limits.MostNewcomers).Select(_ => limits.TryTake(Asking).AsTask()).ToList();
        Assert.True((await limits.TryTake(Asking)).RefusedBy!.Value.Answer.IsUnshared);
        Assert.DoesNotContain(wait, one => one.IsCompleted);
        Share(limits, QuotaRules.Whole);
        Assert.Equal(50, (await Task.WhenAll(wait)).Count(one => one.IsAdmitted));
        Assert.False((await limits.TryTake(Asking)).RefusedBy!.Value.Answer.IsUnshared);
    }

    private static LimitPolicy Wide => new() { Name = "wide", Resource = "test", Limit = 1_000, Burst = 1_000 };

    // Without a share it admits one.
    private static LimitPolicy New => new() { Name = "new", Resource = "test", Per = LimitPer.Key, Limit = 50 };

    private LimitBooks? books;

    private Limits Of(params LimitPolicy[] policies)
    {
        var options = new LimitsOptions();
        options.Policies.AddRange(policies);
        var replicas = new Replicas(new ServiceCollection().BuildServiceProvider(), Options.Create(new ReplicaOptions()), time, NullLogger<Replicas>.Instance);
        books = new LimitBooks(replicas, time);
        return new Limits(replicas, books, null!, new Fixed(options), time);
    }

    private static void Share(Limits limits, int share, string name = "new", string? part = "k1") =>
        ((IReplicaUser<QuotaCopy>)limits.For(Tenant, name, part)!).Received(new QuotaCopy(share, share / (double)QuotaRules.Whole * 50, share), TimeSpan.Zero);

    private async Task Pass(int milliseconds)
    {
        await time.TimerSet();
        time.Advance(TimeSpan.FromMilliseconds(milliseconds));
    }

    private sealed class Fixed(LimitsOptions value) : IOptionsMonitor<LimitsOptions>
    {
        public LimitsOptions CurrentValue => value;

        public LimitsOptions Get(string? name) => value;

        public IDisposable? OnChange(Action<LimitsOptions, string?> listener) => null;
    }
}
