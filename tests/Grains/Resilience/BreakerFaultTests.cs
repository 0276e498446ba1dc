using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans;
using Sophia.Knowledge;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Goal: what one process does with its breakers and reports is not led astray by its own clock, its own counts or its own forgetting. Method: one process without a cluster, told copies by hand, and a clock that a test moves.</summary>
public sealed class BreakerFaultTests
{
    private static readonly BreakerCopy Closed = new(1, 1, BreakerPhase.Closed, BreakerHold.None, null, null, TimeSpan.Zero, 100, []);

    private readonly SetClock time = new();

    [Fact]
    public void A_break_of_one_process_lasts_as_long_as_it_should_also_where_somebody_sets_the_clock()
    {
        var breaker = Made("clock", new BreakerOptions { BreakFor = TimeSpan.FromSeconds(10), LongestBreak = TimeSpan.FromSeconds(10) });
        Hears(breaker, Closed);
        for (var entry = breaker.TryEnter(); !entry.IsRefused; entry = breaker.TryEnter())
            entry.Permit.Report(CallOutcome.Failed);
        time.Ahead = TimeSpan.FromHours(1);
        Assert.Equal(BreakerRefusalReason.OpenHere, breaker.TryEnter().Refusal.Reason);
        time.Ahead = TimeSpan.FromHours(-1);
        time.Advance(TimeSpan.FromSeconds(11));
        Assert.False(breaker.TryEnter().IsRefused);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(25)]
    [InlineData(50)]
    [InlineData(100)]
    public void In_the_ramp_exactly_the_share_of_the_calls_is_let_through_and_evenly_also_of_many_callers_at_once(int share)
    {
        var breaker = Made("ramp", new BreakerOptions());
        Hears(breaker, Closed with { Phase = BreakerPhase.Ramp, Share = share });
        var through = Enumerable.Range(0, 1_000).Select(_ => !breaker.TryEnter().IsRefused).ToList();
        Assert.Equal(share * 10, through.Count(let => let));
        var (least, most) = (share / 10, (share + 9) / 10);
        Assert.All(through.Chunk(10), ten => Assert.InRange(ten.Count(let => let), least, most));
        var together = 0;
        Parallel.For(0, 10_000, _ => Interlocked.Add(ref together, breaker.TryEnter().IsRefused ? 0 : 1));
        Assert.Equal(share * 100, together);
    }

    /// <summary>The ramp of a process that alone saw the dependency failing, which the truth knows nothing of.</summary>
    [Fact]
    public void In_a_process_s_own_ramp_the_share_holds_too()
    {
        var breaker = Made("own-ramp", new BreakerOptions { BreakFor = TimeSpan.FromSeconds(10), LongestBreak = TimeSpan.FromSeconds(10), Probes = 2, Ramp = [10, 50], RampStepFor = TimeSpan.FromSeconds(5) });
        Hears(breaker, Closed);
        for (var entry = breaker.TryEnter(); !entry.IsRefused; entry = breaker.TryEnter())
            entry.Permit.Report(CallOutcome.Failed);
        time.Advance(TimeSpan.FromSeconds(11));
        var probes = Enumerable.Range(0, 100).Select(_ => breaker.TryEnter()).Where(entry => !entry.IsRefused).ToList();
        Assert.Equal(2, probes.Count);
        probes.ForEach(probe => probe.Permit.Report(CallOutcome.Success));
        foreach (var share in (int[])[10, 50, 100])
        {
            Assert.Equal(share * 10, Enumerable.Range(0, 1_000).Count(_ => !breaker.TryEnter().IsRefused));
            time.Advance(TimeSpan.FromSeconds(6));
        }
    }

    [Fact]
    public async Task Whoever_waits_in_vain_for_a_probe_is_refused_once()
    {
        using var refusals = new Counted("sophia.breaker.refusals", "counted-once");
        var breaker = Made("counted-once", new BreakerOptions());
        Hears(breaker, Closed with { Phase = BreakerPhase.HalfOpen });
        var entering = breaker.Enter(default).AsTask();
        await time.TimerSet();
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(BreakerRefusalReason.ProbesAreOut, (await entering).Refusal.Reason);
        Assert.Equal(1, refusals.Sum);
        Assert.True(breaker.TryEnter().IsRefused);
        Assert.Equal(2, refusals.Sum);
    }

    [Fact]
    public async Task One_that_nobody_used_for_minutes_hears_the_truth_before_a_call_passes()
    {
        var (breaker, replicas) = Unused(Closed);
        var entering = breaker.Enter(default).AsTask();
        Assert.False(entering.IsCompleted);
        Hears(breaker, Closed with { Hold = BreakerHold.Isolated });
        Assert.Equal(BreakerRefusalReason.Isolated, (await entering).Refusal.Reason);
        replicas.Forget(TenantId.Parse("acme"));
        entering = breaker.Enter(default).AsTask();
        Assert.False(entering.IsCompleted); // That it is isolated may be over, too.
        Hears(breaker, Closed with { Round = 2 });
        Assert.False((await entering).IsRefused);
        Assert.All(Enumerable.Range(0, 100), _ => Assert.False(breaker.TryEnter().IsRefused));
    }

    /// <summary>As one that has not heard of the truth at all; but what let nobody through goes on doing so.</summary>
    [Theory]
    [InlineData(BreakerPhase.Closed, BreakerHold.None, 3)]
    [InlineData(BreakerPhase.Ramp, BreakerHold.None, 3)]
    [InlineData(BreakerPhase.Open, BreakerHold.HeldClosed, 3)]
    [InlineData(BreakerPhase.Open, BreakerHold.None, 0)]
    [InlineData(BreakerPhase.HalfOpen, BreakerHold.None, 0)]
    [InlineData(BreakerPhase.Closed, BreakerHold.Isolated, 0)]
    public async Task Where_the_truth_is_away_it_is_waited_for_once_and_a_few_calls_pass_of_what_let_them_through(BreakerPhase phase, BreakerHold hold, int pass)
    {
        var (breaker, _) = Unused(Closed with { Phase = phase, Hold = hold, Share = 50 });
        var entering = breaker.Enter(default).AsTask();
        Assert.False(entering.IsCompleted);
        await time.TimerSet();
        time.Advance(TimeSpan.FromSeconds(4));
        var entries = new List<BreakerEntry> { await entering };
        for (var call = 0; call < 20; call++)
            entries.Add(breaker.TryEnter());
        Assert.Equal(pass, entries.Count(entry => !entry.IsRefused));
    }

    [Fact]
    public async Task Reports_of_a_key_that_was_let_go_and_is_used_again_are_new()
    {
        var grain = new Hearing(time);
        var (replicas, kind) = (Replicas(), new HearingKind(grain));
        var caller = new ReplicaCaller(null!, "process", "process", null!);
        foreach (var exchanges in (int[])[5, 1])
        {
            var replica = new Replica<string>(kind, "acme/model", replicas, time);
            replica.Attach(new Reporting());
            for (var i = 0; i < exchanges; i++)
                await replica.Exchange(caller, default);
        }
        Assert.Equal(6, grain.New);
    }

    [Fact]
    public void Breakers_that_nobody_uses_are_forgotten_and_whoever_holds_one_comes_to_the_one_that_is_there()
    {
        var replicas = Replicas();
        using var breakers = new Breakers(replicas, new Constant<BreakersOptions>(new BreakersOptions()), time);
        var tenant = TenantId.Parse("acme");
        var held = (LocalBreaker)breakers.For(tenant, "held");
        for (var i = 0; i < 2_000; i++)
        {
            Hears((LocalBreaker)breakers.For(tenant, $"d{i}"), Closed);
            replicas.Forget(tenant);
        }
        Assert.InRange(breakers.Count, 1, Breakers.SweptFrom + 1);
        var now = (LocalBreaker)breakers.For(tenant, "held");
        Hears(now, Closed);
        Assert.False(held.TryEnter().IsRefused);
        held.TryEnter().Permit.Report(CallOutcome.Success);
        Assert.Same(now, breakers.For(tenant, "held"));
    }

    [Fact]
    public void Open_breakers_are_measured_by_dependency_and_phase_while_they_are_used()
    {
        var replicas = Replicas();
        using var breakers = new Breakers(replicas, new Constant<BreakersOptions>(new BreakersOptions()), time);
        var (acme, other) = (TenantId.Parse("acme"), TenantId.Parse("other"));
        Hears((LocalBreaker)breakers.For(acme, "measured"), Closed with { Phase = BreakerPhase.Open });
        Hears((LocalBreaker)breakers.For(other, "measured"), Closed with { Hold = BreakerHold.Isolated });
        Hears((LocalBreaker)breakers.For(other, "measured-well"), Closed);
        using var open = new Counted("sophia.breaker.open", "measured");
        Assert.Equal([("isolated", 1), ("open", 1)], open.Phases());
        replicas.Forget(acme);
        Assert.Equal([("isolated", 1)], open.Phases());
    }

    private LocalBreaker Made(string dependency, BreakerOptions options)
    {
        var replicas = Replicas();
        return new LocalBreaker(dependency, options, () => replicas.Get(BreakerKind.Singleton, $"acme/{dependency}"), static breaker => breaker, time);
    }

    /// <summary>One that knew this, and that nobody used for minutes.</summary>
    private (LocalBreaker, Replicas) Unused(BreakerCopy known)
    {
        var replicas = Replicas();
        var breaker = new LocalBreaker("model", new BreakerOptions { Probes = 3 }, () => replicas.Get(BreakerKind.Singleton, "acme/model"), static breaker =>
        {
            breaker.Reopen();
            return breaker;
        }, time);
        Hears(breaker, known);
        replicas.Forget(TenantId.Parse("acme"));
        Assert.True(breaker.IsUnused);
        return (breaker, replicas);
    }

    private Replicas Replicas() => new(null!, Options.Create(new ReplicaOptions()), time, NullLogger<Replicas>.Instance);

    private static void Hears(IReplicaUser<BreakerCopy> breaker, BreakerCopy copy) => breaker.Received(copy, TimeSpan.Zero);

    /// <summary>A clock on the wall that somebody sets, while time goes evenly.</summary>
    private sealed class SetClock : TimeProvider
    {
        private readonly ManualTime even = new();

        public TimeSpan Ahead { get; set; }

        public override long TimestampFrequency => even.TimestampFrequency;

        public override long GetTimestamp() => even.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => even.GetUtcNow().AddYears(30) + Ahead;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => even.CreateTimer(callback, state, dueTime, period);

        public Task TimerSet() => even.TimerSet();

        public void Advance(TimeSpan by) => even.Advance(by);
    }

    /// <summary>What is measured of one dependency.</summary>
    private sealed class Counted : IDisposable
    {
        private readonly MeterListener listener = new();
        private readonly string dependency;
        private readonly Dictionary<string, long> phases = [];
        private long sum;

        public Counted(string instrument, string dependency)
        {
            this.dependency = dependency;
            listener.InstrumentPublished = (published, listening) =>
            {
                if (published.Name == instrument)
                    listening.EnableMeasurementEvents(published);
            };
            listener.SetMeasurementEventCallback<long>((_, value, tags, _) => Take(value, tags));
            listener.Start();
        }

        public long Sum => Interlocked.Read(ref sum);

        public (string, int)[] Phases()
        {
            phases.Clear();
            listener.RecordObservableInstruments();
            return [.. phases.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => (one.Key, (int)one.Value))];
        }

        public void Dispose() => listener.Dispose();

        private void Take(long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var (of, phase) = ((string?)null, (string?)null);
            foreach (var tag in tags)
                (of, phase) = tag.Key switch { "dependency" => ((string?)tag.Value, phase), "phase" => (of, (string?)tag.Value), _ => (of, phase) };
            if (of != dependency)
                return;
            Interlocked.Add(ref sum, value);
            if (phase is not null)
                phases[phase] = phases.GetValueOrDefault(phase) + value;
        }
    }

    private sealed class Hearing(TimeProvider time) : IReplicatedGrain
    {
        private readonly ReplicaSubscribers subscribers = new("test", "acme/model", time);

        public int New { get; private set; }

        public Task<ReplicaAnswer> Exchange(ReplicaExchange exchange, CancellationToken cancellation)
        {
            New += subscribers.Subscribe(exchange) ? 1 : 0;
            return Task.FromResult(new ReplicaAnswer(null, TimeSpan.FromSeconds(15)));
        }
    }

    private sealed class HearingKind(IReplicatedGrain grain) : ReplicaKind<string>
    {
        public override string Name => "test";

        public override IReplicatedGrain Truth(IGrainFactory grains, string key) => grain;

        public override string Read(byte[] bytes) => "";
    }

    private sealed class Reporting : IReplicaUser<string>
    {
        public byte[]? Report() => [1];

        public void Received(string copy, TimeSpan age)
        {
        }
    }

    private sealed class Constant<T>(T value) : IOptionsMonitor<T>
    {
        public T CurrentValue => value;

        public T Get(string? name) => value;

        public IDisposable? OnChange(Action<T, string?> listener) => null;
    }
}
