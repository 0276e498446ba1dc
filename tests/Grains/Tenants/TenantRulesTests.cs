using Sophia.Operations;
using Sophia.Security;

namespace Sophia.Tenants;

/// <summary>Keys and sign-in codes, walked over what may happen to them.</summary>
public class TenantRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_key_is_found_by_its_hash_until_it_is_revoked()
    {
        var state = TenantRules.AddKey(TenantRules.AddKey(new TenantState(), Key("a")), Key("b"));
        Assert.Equal("a", TenantRules.FindKey(state, Secrets.HashOf("a"))?.KeyId);
        Assert.Null(TenantRules.FindKey(state, Secrets.HashOf("c")));
        Assert.Null(TenantRules.FindKey(state, ""));
        state = TenantRules.RevokeKey(state, "a", Now);
        Assert.Null(TenantRules.FindKey(state, Secrets.HashOf("a")));
        Assert.Equal("b", TenantRules.FindKey(state, Secrets.HashOf("b"))?.KeyId);
        Assert.Same(state, TenantRules.RevokeKey(state, "a", Now));
        Assert.Same(state, TenantRules.RevokeKey(state, "none", Now));
    }

    [Fact]
    public void A_tenant_has_a_bounded_number_of_keys_and_revoking_one_makes_room()
    {
        var state = Enumerable.Range(0, TenantRules.MostKeys).Aggregate(new TenantState(), (s, n) => TenantRules.AddKey(s, Key($"{n}")));
        Assert.Equal(RefusalCode.Conflict, Assert.Throws<RefusedException>(() => TenantRules.AddKey(state, Key("more"))).Code);
        TenantRules.AddKey(TenantRules.RevokeKey(state, "7", Now), Key("more"));
    }

    [Fact]
    public void Revoked_keys_are_forgotten_oldest_first()
    {
        var state = new TenantState();
        for (var n = 0; n < TenantRules.MostRevokedKeys + 5; n++)
            state = TenantRules.RevokeKey(TenantRules.AddKey(state, Key($"{n}")), $"{n}", Now.AddSeconds(n));
        Assert.Equal(TenantRules.MostRevokedKeys, state.Keys.Count);
        Assert.DoesNotContain(state.Keys, k => k.KeyId == "0");
    }

    [Fact]
    public void A_code_signs_in_once_and_only_within_its_time()
    {
        var state = TenantRules.AddSignIn(new TenantState(), Code("x", Now.AddMinutes(15)), Now);
        Assert.Null(TenantRules.Redeem(state, Secrets.HashOf("y"), Now).Redeemed);
        Assert.Null(TenantRules.Redeem(state, Secrets.HashOf("x"), Now.AddMinutes(15)).Redeemed);
        var (after, redeemed) = TenantRules.Redeem(state, Secrets.HashOf("x"), Now.AddMinutes(14));
        Assert.Equal(TenantRole.Admin, redeemed?.Role);
        Assert.Null(TenantRules.Redeem(after, Secrets.HashOf("x"), Now).Redeemed);
    }

    [Fact]
    public void A_code_ends_with_the_key_that_issued_it()
    {
        var state = TenantRules.AddKey(TenantRules.AddKey(new TenantState(), Key("k")), Key("other"));
        state = TenantRules.AddSignIn(TenantRules.AddSignIn(state, Code("x", Now.AddMinutes(15)), Now), Code("y", Now.AddMinutes(15)) with { KeyId = "other" }, Now);
        state = TenantRules.RevokeKey(state, "k", Now);
        Assert.Null(TenantRules.Redeem(state, Secrets.HashOf("x"), Now).Redeemed);
        Assert.Equal("other", TenantRules.Redeem(state, Secrets.HashOf("y"), Now).Redeemed?.KeyId);
    }

    [Fact]
    public void Codes_that_nobody_uses_do_not_pile_up()
    {
        var state = new TenantState();
        for (var n = 0; n < 3 * TenantRules.MostSignIns; n++)
            state = TenantRules.AddSignIn(state, Code($"{n}", Now.AddMinutes(15)), Now);
        Assert.Equal(TenantRules.MostSignIns, state.SignIns.Count);
        Assert.Single(TenantRules.AddSignIn(state, Code("late", Now.AddHours(2)), Now.AddHours(1)).SignIns);
    }

    [Fact]
    public void Creating_twice_keeps_the_first()
    {
        var state = TenantRules.Create(new TenantState(), "First", Now);
        Assert.Same(state, TenantRules.Create(state, "Second", Now.AddDays(1)));
    }

    [Fact]
    public void An_erasure_is_seen_once_by_whoever_looks_later_and_a_tenant_stands_once_in_the_list()
    {
        TenantId acme = TenantId.Parse("acme"), beta = TenantId.Parse("beta");
        var first = TenantRules.Forget(new TenantDirectoryState { Suspensions = 7 }, acme);
        var second = TenantRules.Forget(TenantRules.Forget(first, beta), acme);
        Assert.Equal([acme], TenantRules.ToForget(Told(first), 7));
        Assert.Empty(TenantRules.ToForget(Told(first), 8));
        Assert.Equal([beta, acme], TenantRules.ToForget(Told(second), 8));
        Assert.Equal([acme], TenantRules.ToForget(Told(second), 9));
        Assert.Equal([beta], TenantRules.Close(second, acme).Forgotten.Select(one => one.Tenant));
        Assert.Empty(TenantRules.ToForget(new TenantSuspensions(9, []), 0)); // As a silo of before says it.

        static TenantSuspensions Told(TenantDirectoryState state) => new(state.Suspensions, state.Suspended, state.Forgotten);
    }

    private static KeyState Key(string name) => new(name, Secrets.HashOf(name), name, TenantRole.Viewer, Now, RevokedAt: null);

    private static SignInState Code(string name, DateTimeOffset expires) => new(Secrets.HashOf(name), TenantRole.Admin, expires, "k");
}
