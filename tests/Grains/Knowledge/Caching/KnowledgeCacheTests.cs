using FsCheck;
using FsCheck.Fluent;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>What the cache remembers, for whom, for how long, and what it does when something is wrong with it.</summary>
public sealed class KnowledgeCacheTests : IDisposable
{
    private readonly CacheWorld world = new();

    public void Dispose() => world.Dispose();

    [Fact]
    public async Task A_value_is_loaded_once_and_found_by_this_process_and_by_the_others_until_it_is_too_old()
    {
        Assert.Equal("one", await world.Get("a", "one"));
        Assert.Equal("one", await world.Get("a", "two"));
        Assert.Equal("one", await world.Get("a", "two", world.Another()));
        world.Time.Now += world.Options.KeptFor;
        Assert.Equal("three", await world.Get("a", "three"));
        Assert.Equal((2, 1, 1), (world.Counted["source"], world.Counted["memory"], world.Counted["shared"]));
    }

    [Fact]
    public async Task A_value_that_came_from_another_process_dies_when_it_would_have_died_there()
    {
        await world.Get("a", "one");
        world.Time.Now += world.Options.KeptFor - TimeSpan.FromSeconds(1);
        var late = world.Another();
        Assert.Equal("one", await world.Get("a", "two", late));
        world.Time.Now += TimeSpan.FromSeconds(1);
        Assert.Equal("two", await world.Get("a", "two", late));
    }

    [Fact]
    public async Task Of_many_callers_one_loads_and_the_others_wait()
    {
        var (source, loads) = (new TaskCompletionSource<string>(), 0);
        var callers = Enumerable.Range(0, 50).Select(_ => world.Get("a", _ => { Interlocked.Increment(ref loads); return source.Task; })).ToList();
        source.SetResult("one");
        Assert.All(await Task.WhenAll(callers), value => Assert.Equal("one", value));
        Assert.Equal(1, loads);
        Assert.Equal(49, world.Counted["waited"]);
    }

    [Fact]
    public async Task When_the_one_who_loads_goes_away_the_next_one_loads()
    {
        using var gone = new CancellationTokenSource();
        var first = world.Get("a", async cancellation => { await Task.Delay(Timeout.Infinite, cancellation); return "never"; }, cancellation: gone.Token);
        var second = world.Get("a", "two");
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal("two", await second);
    }

    [Fact]
    public async Task A_source_that_fails_fails_all_who_wait_and_is_asked_again_by_the_next()
    {
        var source = new TaskCompletionSource<string>();
        var callers = Enumerable.Range(0, 5).Select(_ => world.Get("a", _ => source.Task)).ToList();
        source.SetException(new IOException("gone"));
        foreach (var caller in callers)
            await Assert.ThrowsAsync<IOException>(() => caller);
        Assert.Equal("one", await world.Get("a", "one"));
    }

    [Fact]
    public async Task Whatever_lies_in_the_shared_level_a_wrong_value_is_never_served()
    {
        await world.Get("a", "of a");
        await world.Get("b", "of b");
        await world.Get("a", "of beta", tenant: CacheWorld.Beta);
        var (key, good) = (CacheWorld.Key("a").Text, world.Shared.Kept[CacheWorld.Key("a").Text]);
        byte[] newer = [2, .. good.Span[1..]];
        foreach (var wrong in (ReadOnlyMemory<byte>[])[world.Shared.Kept[CacheWorld.Key("b").Text], world.Shared.Kept[CacheWorld.Key("a", CacheWorld.Beta).Text], good[..^1], newer, default, "nonsense"u8.ToArray()])
        {
            world.Shared.Kept[key] = wrong;
            Assert.Equal("from the source", await world.Get("a", "from the source", world.Another()));
        }
        for (var at = 0; at < good.Length; at++)
        {
            var flipped = good.ToArray();
            flipped[at] ^= 1;
            world.Shared.Kept[key] = flipped;
            Assert.Equal("from the source", await world.Get("a", "from the source", world.Another()));
        }
    }

    /// <summary>Tenants and parts are drawn from few letters, so that the ways to split a text differ and the text does not.</summary>
    [Fact]
    public void No_two_questions_share_a_key() => Prop.ForAll(
        Drawn(), Drawn(), (one, other) => one.Tenant == other.Tenant && one.Parts.SequenceEqual(other.Parts) == (KeyOf(one) == KeyOf(other)) || one.Tenant != other.Tenant && KeyOf(one) != KeyOf(other))
        .QuickCheckThrowOnFailure();

    [Fact]
    public async Task What_was_being_loaded_when_a_tenant_was_forgotten_is_answered_and_remembered_nowhere()
    {
        var source = new TaskCompletionSource<string>();
        var caller = world.Get("a", _ => source.Task);
        var many = world.Cache.GetMany([CacheWorld.Key("b")], CacheWorld.Text.Instance, async (_, _) => [await source.Task], default);
        world.Cache.Forget(CacheWorld.Acme);
        source.SetResult("old");
        Assert.Equal(("old", "old"), (await caller, (await many)!.Single()));
        Assert.Empty(world.Shared.Kept);
        Assert.Equal("new", await world.Get("a", "new"));
        Assert.Equal("new", await world.Get("b", "new"));
    }

    [Fact]
    public async Task Memory_stays_within_its_bounds_and_keeps_what_is_used()
    {
        using var small = new CacheWorld(new CacheOptions { MemoryMiB = 1, Entries = 50 });
        var big = new string('x', 10_000);
        for (var n = 0; n < 500; n++)
        {
            await small.Get("used", big);
            await small.Get($"n{n}", big);
            small.ReadGauges();
            Assert.InRange(small.Gauges["sophia.cache.bytes"], 1, 1024 * 1024);
            Assert.InRange(small.Gauges["sophia.cache.entries"], 1, 50);
        }
        small.Shared.Kept.Clear();
        Assert.Equal(big, await small.Get("used", "loaded again"));
        Assert.Equal("loaded again", await small.Get("n0", "loaded again"));
    }

    [Fact]
    public async Task What_is_too_large_is_not_kept_at_all()
    {
        using var small = new CacheWorld(new CacheOptions { MemoryMiB = 1 });
        await small.Get("a", new string('x', 400_000));
        Assert.Empty(small.Shared.Kept);
        Assert.Equal("again", await small.Get("a", "again"));
    }

    [Fact]
    public async Task Switched_off_it_remembers_nothing()
    {
        using var off = new CacheWorld(new CacheOptions { MemoryMiB = 0 });
        Assert.Equal("one", await off.Get("a", "one"));
        Assert.Equal("two", await off.Get("a", "two"));
        Assert.Empty(off.Shared.Kept);
    }

    private static CacheKey KeyOf((string Tenant, string[] Parts) drawn) => CacheKey.Of("text", TenantId.Parse(drawn.Tenant), drawn.Parts);

    private static Arbitrary<(string Tenant, string[] Parts)> Drawn() => Gen.Elements("a", "aa", "a-a").Zip(Gen.Elements("", "a", "aa", "a-", "-a").ArrayOf()).ToArbitrary();
}
