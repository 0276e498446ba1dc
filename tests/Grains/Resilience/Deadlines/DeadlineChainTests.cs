using Orleans;
using Orleans.Runtime;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: a deadline goes with a call through all who work for whoever waits, ends there what nobody waits for, and never reaches a change or another caller.
// Method: every route of up to five hops under every deadline, each hop taking a second of a clock that only hops move, against a model; then what calls set going, wake, and do beside each other.
public sealed class DeadlineChainTests(RelayWorld world) : IClassFixture<RelayWorld>
{
    private const int LongestRoute = 5;

    [Fact]
    public async Task Along_every_route_a_deadline_ends_work_that_nobody_waits_for_and_no_change_that_was_begun()
    {
        foreach (var route in Routes())
            for (var seconds = 0; seconds <= LongestRoute + 1; seconds++)
            {
                world.Journal.Clear();
                var refused = await Refused(() => Send(route, TimeSpan.FromSeconds(seconds)));
                var (lines, isRefused) = Expected(route, seconds);
                Assert.True(lines.SequenceEqual(world.Journal.Lines) && refused == isRefused,
                    $"{route} within {seconds} s: expected {string.Join(", ", lines)} {isRefused}, was {string.Join(", ", world.Journal.Lines)} {refused}");
            }
    }

    [Fact]
    public async Task Whoever_waits_without_end_is_never_refused()
    {
        foreach (var route in Routes())
        {
            world.Journal.Clear();
            await Send(route, null);
            Assert.All(world.Journal.Lines.Where(line => !line.EndsWith("ends", StringComparison.Ordinal)), line => Assert.EndsWith("- woken -", line, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_call_leaves_nothing_of_its_deadline_with_its_caller_nor_with_his_next_call()
    {
        using (Deadline.Until(world.Time.GetUtcNow() + TimeSpan.FromSeconds(30)))
        {
            var at = Deadline.At;
            await world.Relay("first").Wait("w", 0);
            Assert.Equal(at, Deadline.At);
            using (Deadline.Until(world.Time.GetUtcNow() + TimeSpan.FromSeconds(300)))
                Assert.Equal(at, Deadline.At); // The sooner one stays.
            using (Deadline.None())
            {
                world.Journal.Clear();
                await world.Relay("none").Wait("w", 0);
                Assert.StartsWith("none -", Assert.Single(world.Journal.Lines), StringComparison.Ordinal);
            }
            Assert.Equal(at, Deadline.At);
        }
        Assert.False(Deadline.IsCarried);
        world.Journal.Clear();
        await world.Relay("second").Wait("w", 0);
        Assert.StartsWith("second -", Assert.Single(world.Journal.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Callers_whose_calls_interleave_in_one_grain_keep_each_his_own()
    {
        await using var own = new Lone();
        await own.World.InitializeAsync();
        own.World.Journal.Hop = static () => { };
        TimeSpan?[] patience = [null, .. Enumerable.Range(1, 20).Select(n => (TimeSpan?)TimeSpan.FromSeconds(n * 10)), null];
        var staying = patience.Select(async span =>
        {
            using var _ = span is { } within ? Deadline.Until(own.World.Time.GetUtcNow() + within) : Deadline.None();
            return await own.World.Relay("one").Stay();
        }).ToArray();
        await Eventually.Comes(() => own.World.Journal.Lines.Count(line => line == "stays") == patience.Length, "all are inside");
        own.World.Time.Advance(TimeSpan.FromSeconds(5));
        own.World.Journal.Go.SetResult();
        var said = await Task.WhenAll(staying);
        Assert.Equal(patience.Select(span => span is { } within ? $"{within.TotalSeconds} {within.TotalSeconds - 5}" : "- -"), said);
    }

    [Fact]
    public async Task What_a_call_sets_going_or_wakes_has_no_deadline()
    {
        await using var own = new Lone();
        await own.World.InitializeAsync();
        own.World.Journal.Hop = static () => { };
        using (Deadline.Until(own.World.Time.GetUtcNow() + TimeSpan.FromSeconds(30)))
        {
            await own.World.Relay("begins").Begin();
            await own.World.Relay("wakes").Wait("w", 0);
        }
        await Eventually.Comes(() => own.World.Journal.Lines.Count == 5, "all that was set going");
        Assert.Equal(["after the timer - woken -", "nobody -", "timer -", "wakes 30 woken -", "woken by one that woke - woken -"], own.World.Journal.Lines.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Who_calls_from_outside_of_any_grain_when_his_time_is_over_begins_nothing_not_even_a_change()
    {
        var grain = world.Grains.GetGrain<IPolicyGrain>(TenantKey.Of(TenantId.Parse("acme")));
        using (Deadline.Until(world.Time.GetUtcNow() - TimeSpan.FromSeconds(1)))
            Assert.Equal(RefusalCode.DeadlinePassed, (await Assert.ThrowsAsync<RefusedException>(() => grain.View())).Code);
        using (Deadline.Until(world.Time.GetUtcNow() + TimeSpan.FromSeconds(1)))
            Assert.Equal("acme", (await grain.View()).Owner);
    }

    private async Task Send(string route, TimeSpan? within)
    {
        using var _ = within is { } span ? Deadline.Until(world.Time.GetUtcNow() + span) : Deadline.None();
        var first = world.Relay($"{route} 0");
        await (route[0] == 'w' ? first.Wait(route, 0) : first.Do(route, 0));
    }

    private static async Task<bool> Refused(Func<Task> send)
    {
        try
        {
            await send();
            return false;
        }
        catch (RefusedException refused) when (refused.Code == RefusalCode.DeadlinePassed)
        {
            return true;
        }
    }

    // The hops up to the first that does have a deadline; from there on nothing has one. Only those before it may be refused, and then all that waited for them are.
    private static (IReadOnlyList<string> Lines, bool IsRefused) Expected(string route, int seconds)
    {
        var lines = new List<string>();
        var waiting = route.TakeWhile(hop => hop == 'w').Count();
        var reached = waiting == 0 || seconds >= waiting ? route.Length : seconds;
        for (var hop = 0; hop < reached; hop++)
            lines.Add($"{route} {hop} {(hop < waiting ? $"{seconds - hop}" : "-")} woken -");
        if (reached == route.Length)
            for (var hop = route.Length - 2; hop >= 0; hop--)
                lines.Add($"{route} {hop} ends");
        return (lines, reached < route.Length);
    }

    private static IEnumerable<string> Routes() => Enumerable.Range(1, LongestRoute).SelectMany(length =>
        Enumerable.Range(0, 1 << length).Select(bits => string.Concat(Enumerable.Range(0, length).Select(at => (bits >> at & 1) == 0 ? 'w' : 'd'))));

    private sealed class Lone : IAsyncDisposable
    {
        public RelayWorld World { get; } = new();

        public async ValueTask DisposeAsync() => await World.DisposeAsync();
    }
}
