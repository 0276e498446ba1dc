using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Pipelines;

// Goal: a run outlives what passes at its source: a blip that fails all its lanes at once, and a breaker that is open for a while; what does not pass ends it, in bounded time and with the reason. Method: real lanes and pump, a clock whose timers are due at once.
public sealed class GuardedRunTests
{
    private const int Lanes = 20;

    [Fact]
    public async Task A_blip_that_fails_every_lane_twice_fails_no_run_and_the_run_says_what_it_waits_for()
    {
        await using var world = World(null);
        for (var file = 0; file < Lanes; file++)
            world.Files[Name(file)].FailingOpens = 2;
        var said = Listen(world);
        var row = await world.Run();
        Assert.Equal((RunState.Succeeded, null, Lanes, 0L), (row.State, row.Error, (int)row.Counts.Stored, row.Counts.Unreadable));
        Assert.Equal(3 * Lanes, world.Files.Opens);
        Assert.Contains(said, text => text.StartsWith("Waiting: source-gong failed so often that its budget of repetitions is spent for now. It is asked again by itself, until ", StringComparison.Ordinal));
        Assert.Null(world.Keeper.View()!.Error);
    }

    [Fact]
    public async Task A_source_that_is_away_for_half_a_minute_fails_no_run_of_a_single_lane_and_is_asked_less_and_less_often()
    {
        await using var world = World(null, lanes: 1);
        var (until, opened) = (world.Time.GetUtcNow() + TimeSpan.FromSeconds(30), new List<DateTimeOffset>());
        world.Files.Busy = () =>
        {
            opened.Add(world.Time.GetUtcNow());
            return world.Time.GetUtcNow() < until ? "Gong answers 503." : null;
        };
        var said = new List<string?>();
        world.Time.Waited = () => said.Add(world.Keeper.View()?.Error);
        var row = await world.Run();
        Assert.Equal((RunState.Succeeded, null, 1), (row.State, row.Error, (int)row.Counts.Stored));
        Assert.Contains(said, text => text is not null && text.StartsWith("Waiting: Gong answers 503. It is asked again by itself, until ", StringComparison.Ordinal));
        Assert.Null(world.Keeper.View()!.Waits);
        var options = new PoliciesOptions().Of("source-gong");
        for (var n = 1; n < opened.Count; n++)
        {
            var longest = options.RetryAfter * Math.Pow(2, n - 1) < options.LongestRetryAfter ? options.RetryAfter * Math.Pow(2, n - 1) : options.LongestRetryAfter;
            // It looks whether it may ask every 5 s, and oftener where less is left.
            Assert.InRange(opened[n] - opened[n - 1], longest / 2, longest + RunPump.SourceLookedForEvery);
        }
        Assert.InRange(opened.Count, 5, 8);
    }

    [Fact]
    public async Task A_source_that_stays_away_is_asked_for_ten_minutes_within_its_budget_and_then_the_run_says_why()
    {
        await using var world = World(null, lanes: 1);
        world.Files.Busy = () => "Gong answers 503.";
        var began = world.Time.GetUtcNow();
        var row = await world.Run();
        Assert.Equal((1, 0), ((int)row.Counts.Unreadable, (int)row.Counts.Stored));
        Assert.InRange(world.Time.GetUtcNow() - began, RunPump.LongestSourceWait, RunPump.LongestSourceWait + TimeSpan.FromMinutes(1));
        Assert.Equal("Gong answers 503. It was waited for for 10 minutes.", (await world.Runs.Unreadable(PipelineWorld.Tenant, row.RunId, 100, default)).Single().Reason);
        Assert.InRange(world.Files.Opens, 15, 45);
    }

    [Fact]
    public async Task A_run_begun_anew_asks_its_source_at_once()
    {
        await using var world = World(null, lanes: 1);
        world.Files.Busy = () => "Gong answers 503.";
        await world.Run();
        var (opens, at) = (world.Files.Opens, world.Time.GetUtcNow());
        world.Files.Busy = () => world.Files.Opens == opens + 1 && world.Time.GetUtcNow() - at > TimeSpan.FromMilliseconds(400) ? "It was asked late." : null;
        Assert.Equal((RunState.Succeeded, 1), await world.Run() is var row ? (row.State, (int)row.Counts.Stored) : default);
        Assert.Equal(opens + 1, world.Files.Opens);
    }

    [Fact]
    public async Task A_run_waits_for_the_breaker_of_its_source_and_goes_on_when_it_lets_calls_through()
    {
        var breaker = new TimedBreaker();
        await using var world = World(breaker);
        (breaker.Time, breaker.OpenUntil) = (world.Time, world.Time.GetUtcNow() + TimeSpan.FromMinutes(3));
        var said = Listen(world);
        var row = await world.Run();
        Assert.Equal((RunState.Succeeded, null, Lanes), (row.State, row.Error, (int)row.Counts.Stored));
        Assert.Equal(Lanes, world.Files.Opens);
        Assert.Contains(said, text => text.StartsWith("Waiting: source-gong is not asked for now: 5 failures in a row. It is asked again by itself", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_breaker_that_stays_open_is_waited_for_for_so_long_and_no_longer()
    {
        var breaker = new TimedBreaker();
        await using var world = World(breaker);
        (breaker.Time, breaker.OpenUntil) = (world.Time, DateTimeOffset.MaxValue);
        var began = world.Time.GetUtcNow();
        var row = await world.Run();
        Assert.Equal((0, Lanes), (world.Files.Opens, (int)row.Counts.Unreadable));
        Assert.True(world.Time.GetUtcNow() - began >= RunPump.LongestSourceWait);
        Assert.All(await world.Runs.Unreadable(PipelineWorld.Tenant, row.RunId, 100, default),
            view => Assert.Equal("source-gong is not asked for now: 5 failures in a row. It was waited for for 10 minutes.", view.Reason));
        Assert.InRange(breaker.Asked, Lanes, Lanes * (int)(RunPump.LongestSourceWait / RunPump.SourceLookedForEvery + 2));
    }

    [Fact]
    public async Task A_run_that_waits_for_its_source_can_be_stopped()
    {
        var breaker = new TimedBreaker();
        await using var world = World(breaker);
        (breaker.Time, breaker.OpenUntil, world.StopAfterSteps) = (world.Time, DateTimeOffset.MaxValue, 3);
        var row = await world.Run();
        Assert.Equal((RunState.Running, 0), (row.State, world.Files.Opens));
    }

    private static PipelineWorld World(IBreaker? breaker, int lanes = Lanes)
    {
        var world = new PipelineWorld { Lanes = lanes };
        world.Files.Guarded = "source-gong";
        world.Policies = new LonePolicies(new PoliciesOptions(), new Random(1), world.Time, breaker is null ? null : new Only(breaker));
        for (var file = 0; file < lanes; file++)
            world.Files.WriteDeals(Name(file), file);
        return world;
    }

    private static string Name(int file) => $"{file:00}.jsonl";

    // Before each step the run is asked whether it may go on: a good moment to look at what it says of itself.
    private static IReadOnlyList<string> Listen(PipelineWorld world)
    {
        var said = new List<string>();
        world.Obstacle = () =>
        {
            if (world.Keeper.View()?.Error is { } text)
                said.Add(text);
            return null;
        };
        return said;
    }

    private sealed class Only(IBreaker breaker) : IBreakers
    {
        public IBreaker For(TenantId tenant, string dependency) => breaker;

        public IBreaker OfInstallation(string dependency) => throw new InvalidOperationException("A source is its tenant's.");
    }

    /// <summary>Open until a moment.</summary>
    private sealed class TimedBreaker : IBreaker
    {
        private int asked;

        public TimeProvider Time { get; set; } = TimeProvider.System;

        public DateTimeOffset OpenUntil { get; set; }

        public int Asked => asked;

        public string Dependency => "source-gong";

        public BreakerEntry TryEnter()
        {
            Interlocked.Increment(ref asked);
            return Time.GetUtcNow() < OpenUntil ? new BreakerEntry(new BreakerRefusal(BreakerRefusalReason.Open, "source-gong is not asked for now: 5 failures in a row", Time.GetUtcNow() + TimeSpan.FromSeconds(10))) : new BreakerEntry(default(BreakerPermit));
        }

        public ValueTask<BreakerEntry> Enter(CancellationToken cancellation) => new(TryEnter());
    }
}
