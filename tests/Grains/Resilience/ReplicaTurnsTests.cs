namespace Sophia.Resilience;

// Goal: whose copies are exchanged first where places are few. Method: the pure order, with keys of tenants that are many, new, hurried or late.
public sealed class ReplicaTurnsTests
{
    private const long Now = 1_000_000, HurriedEvery = 50, ExchangeEvery = 5_000;

    [Fact]
    public void A_tenant_of_a_thousand_new_keys_takes_one_place_in_turn_with_the_others()
    {
        var flood = Enumerable.Range(0, 1_000).Select(key => New($"flood/calls/{key}", Now - 4_000)).ToList();
        Replica[] others = [Due("acme/api", Now), Due("acme/calls/a", Now - 10), Due("beta/api", Now), Due("system", Now)];
        var order = Order([.. flood, .. others]);
        Assert.Equal(1_004, order.Distinct().Count());
        Assert.Equal(["acme/calls/a", "beta/api", "flood/calls/0", "system"], order.Take(4).Select(one => one.Key).Order(StringComparer.Ordinal));
        Assert.Equal(["acme/api", "flood/calls/1"], order.Skip(4).Take(2).Select(one => one.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_is_urgent_comes_first_and_what_is_late_by_an_exchange_before_what_is_new()
    {
        var late = Due("acme/late", Now - ExchangeEvery);
        var hurried = Due("acme/hurried", Now + 2_000);
        hurried.StartedAt = Now - 3_000;
        hurried.MarkHurried(true);
        Assert.Equal(["acme/late", "acme/hurried", "acme/new", "acme/newer", "acme/due", "acme/just-due"],
            Order([New("acme/newer", Now - 10), Due("acme/just-due", Now), New("acme/new", Now - 20), Due("acme/due", Now - 4_999), hurried, late]).Select(one => one.Key));
    }

    private static List<Replica> Order(IEnumerable<Replica> due) => [.. ReplicaTurns.Order(due, Now, HurriedEvery, ExchangeEvery)];

    private static Replica<QuotaCopy> New(string key, long at) => new Replica<QuotaCopy>(QuotaKind.Singleton, key, null!, TimeProvider.System).BegunAt(at);

    private static Replica<QuotaCopy> Due(string key, long at)
    {
        var replica = New(key, at - ExchangeEvery);
        replica.MarkHurried(false);
        replica.NextAt = at;
        return replica;
    }
}
