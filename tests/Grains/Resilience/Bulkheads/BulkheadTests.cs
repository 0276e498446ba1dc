using Microsoft.Extensions.Options;
using Sophia.Chat;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: a tenant's flood stays its own: places and rooms are its own, and who waits is served in turn. Method: one thread and a clock that jumps; floods by seed.
public sealed class BulkheadTests
{
    private readonly OneThread world = new();

    [Fact]
    public void Never_more_than_the_places_are_inside_never_more_than_the_room_wait_and_who_came_first_goes_first()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var (one, random) = (new OneThread(), new Random(seed));
            var bound = new BulkheadBound(random.Next(1, 5), random.Next(0, 6), TimeSpan.FromMilliseconds(random.Next(1, 400)));
            var bulkhead = new Bulkhead(bound, one.Time);
            var (inside, refused, asked) = (0, 0, 0);
            List<int> waiting = [];
            one.Run(() => Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Caller(TimeSpan.FromMilliseconds(random.Next(2_000))))));
            var counts = bulkhead.Counts;
            Assert.Equal((0, 0, 200L), (counts.Inside, counts.InLine, counts.Entered + refused));
            Assert.Equal(refused, counts.Full + counts.Late);

            async Task Caller(TimeSpan begins)
            {
                await one.Pause(begins);
                var own = asked++;
                var entering = bulkhead.Enter(default).AsTask();
                if (!entering.IsCompleted)
                    waiting.Add(own);
                Assert.True(waiting.Count <= bound.Waiting + bound.Places);
                var entry = await entering;
                if (entry.Refusal != BulkheadRefusal.None)
                {
                    refused++;
                    waiting.Remove(own);
                    Assert.True(entry.RetryAt > one.Time.GetUtcNow());
                    return;
                }
                using var place = entry.Place;
                if (waiting.Contains(own))
                {
                    Assert.Equal(waiting[0], own);
                    waiting.RemoveAt(0);
                }
                Assert.True(++inside <= bound.Places, $"seed {seed}: {inside} inside");
                await one.Pause(TimeSpan.FromMilliseconds(random.Next(1, 200)));
                inside--;
            }
        }
    }

    [Fact]
    public void A_flood_of_one_tenant_never_makes_another_wait()
    {
        var options = new BulkheadsOptions { Default = new TenantBounds { Search = new BulkheadBound(2, 8, TimeSpan.FromSeconds(1)) } };
        var bulkheads = new Bulkheads(new Fixed(options), world.Time);
        var (refusals, quiet) = (0, 0);
        world.Run(() => Task.WhenAll([.. Enumerable.Range(0, 2_000).Select(i => Search("flood", i)), .. Enumerable.Range(0, 100).Select(i => Search("quiet", i * 20))]));
        Assert.Equal(100, quiet);
        Assert.True(refusals > 1_000, $"{refusals} refusals: that was no flood");

        async Task Search(string tenant, int atMilliseconds)
        {
            await world.Pause(TimeSpan.FromMilliseconds(atMilliseconds));
            var asked = world.Now;
            try
            {
                using var place = await bulkheads.Enter(TenantId.Parse(tenant), BulkheadKind.Search, default);
                if (tenant == "quiet")
                {
                    Assert.Equal(asked, world.Now);
                    quiet++;
                }
                await world.Pause(TimeSpan.FromMilliseconds(15));
            }
            catch (RefusedException refused) when (refused.Code == RefusalCode.Busy)
            {
                Assert.Equal("flood", tenant);
                Assert.NotNull(refused.RetryAt);
                refusals++;
            }
        }
    }

    [Fact]
    public void Who_waits_past_his_deadline_is_told_so_and_leaves_his_place_in_the_line()
    {
        var bulkheads = new Bulkheads(new Fixed(new BulkheadsOptions { Default = new TenantBounds { Search = new BulkheadBound(1, 8, TimeSpan.FromMinutes(1)) } }), world.Time);
        var tenant = TenantId.Parse("acme");
        world.Run(async () =>
        {
            using var place = await bulkheads.Enter(tenant, BulkheadKind.Search, default);
            using (Deadline.Until(world.Time.GetUtcNow() + TimeSpan.FromSeconds(2)))
                Assert.Equal(RefusalCode.DeadlinePassed, (await Assert.ThrowsAsync<RefusedException>(() => bulkheads.Enter(tenant, BulkheadKind.Search, default).AsTask())).Code);
            Assert.Equal(TimeSpan.FromSeconds(2), world.Now);
            Assert.Equal(0, bulkheads.Seen(tenant).Single().Counts.InLine);
        });
    }

    [Fact]
    public void Bytes_of_one_tenant_are_bounded_and_given_back()
    {
        var bulkheads = new Bulkheads(new Fixed(new BulkheadsOptions { Default = new TenantBounds { HeldBytes = 1 << 20 } }), world.Time);
        var (flood, quiet) = (TenantId.Parse("flood"), TenantId.Parse("quiet"));
        Assert.True(bulkheads.TryHold(flood, 1 << 20));
        Assert.False(bulkheads.TryHold(flood, 1));
        Assert.True(bulkheads.TryHold(quiet, 1 << 20));
        bulkheads.GiveBack(flood, 1 << 20);
        Assert.True(bulkheads.TryHold(flood, 1));
        Assert.Equal((1, 1 << 20), (bulkheads.BytesOf(flood), bulkheads.BytesOf(quiet)));
    }

    [Fact]
    public void An_answer_is_in_line_as_soon_as_it_is_asked_for_so_nobody_finds_the_line_full_after_his_question_was_stored()
    {
        var bulkheads = new Bulkheads(new Fixed(new BulkheadsOptions { Default = new TenantBounds { Ask = new BulkheadBound(1, 1, TimeSpan.FromMinutes(1)) } }), world.Time);
        var tenant = TenantId.Parse("acme");
        world.Run(async () =>
        {
            var first = new AnswerTurn(bulkheads, tenant, world.Time);
            var second = new AnswerTurn(bulkheads, tenant, world.Time);
            Assert.Equal(RefusalCode.Busy, Assert.Throws<RefusedException>(() => new AnswerTurn(bulkheads, tenant, world.Time)).Code);
            Assert.Equal(RefusalCode.Busy, bulkheads.WhyFull(tenant, BulkheadKind.Ask)?.Code);
            await first.Come(default);

            second.Dispose(); // Its question was not stored after all.
            Assert.Null(bulkheads.WhyFull(tenant, BulkheadKind.Ask));
            using var third = new AnswerTurn(bulkheads, tenant, world.Time);
            var coming = third.Come(default);
            Assert.False(coming.IsCompleted);
            first.Dispose();
            first.Dispose();
            await coming;
            Assert.Equal((1, 0), (bulkheads.Seen(tenant).Single().Counts.Inside, bulkheads.Seen(tenant).Single().Counts.InLine));
        });
    }

    private sealed class Fixed(BulkheadsOptions value) : IOptionsMonitor<BulkheadsOptions>
    {
        public BulkheadsOptions CurrentValue => value;

        public BulkheadsOptions Get(string? name) => value;

        public IDisposable? OnChange(Action<BulkheadsOptions, string?> listener) => null;
    }
}
