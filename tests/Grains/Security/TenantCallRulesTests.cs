using Sophia.Tenants;

namespace Sophia.Security;

/// <summary>Who may call which grain, over every combination of caller, source and target.</summary>
public class TenantCallRulesTests
{
    private static readonly string[] Keys = ["a", "b", "a/x", "b/x", "a/x/y", "system", "system/x", "", "A", "a//x", "a/x/y/z", "ab", "a-b"];

    [Fact]
    public void Only_the_tenant_of_the_key_gets_through()
    {
        foreach (var target in Keys)
            foreach (var caller in new[] { null, "a", "b", "system" })
                foreach (var source in Keys.Append(null))
                {
                    var actsFor = caller ?? (TenantKey.TryParse(source, out var own) ? own.Tenant.Value : null);
                    var expected = actsFor is not (null or "system") && TenantKey.TryParse(target, out var key) && key.Tenant.Value == actsFor;
                    Assert.Equal(expected, TenantCallRules.MayCall(target, caller is null ? null : TenantId.Parse(caller), null, source));
                }
    }

    [Fact]
    public void System_work_that_says_so_reaches_everything() =>
        Assert.All(Keys, key => Assert.True(TenantCallRules.MayCall(key, null, "a reason", null)));
}
