using Sophia.Operations;

namespace Sophia.Tenants;

// Goal: a deletion is taken back once it is wanted, also where its taking back was interrupted. Method: every phase, against every reason for which a tenant may be suspended.
public sealed class TenantEndRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void Whatever_is_scheduled_is_taken_back_and_what_has_begun_is_not()
    {
        foreach (var phase in Enum.GetValues<TenantEndPhase>())
            foreach (var told in (string?[])[null, "the bill is open", TenantEndRules.TakenBack, TenantEndRules.WillBeDeleted(Now)])
            {
                var state = new TenantEndState { Phase = phase, DeletesAt = Now };
                if (phase == TenantEndPhase.Scheduled)
                    Assert.Null(TenantEndRules.Keep(state, told).Phase);
                else
                    Assert.Equal(RefusalCode.Conflict, Assert.Throws<RefusedException>(() => TenantEndRules.Keep(state, told)).Code);
            }
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("the bill is open", false)]
    [InlineData("it will be deleted on 2026-01-02 03:04 UTC", true)]
    [InlineData(TenantEndRules.TakenBack, true)]
    public void Where_nothing_is_scheduled_the_suspension_says_whether_somebody_is_to_be_told(string? told, bool goesOn)
    {
        var state = new TenantEndState();
        if (goesOn)
            Assert.Same(state, TenantEndRules.Keep(state, told));
        else
            Assert.Equal(RefusalCode.NotFound, Assert.Throws<RefusedException>(() => TenantEndRules.Keep(state, told)).Code);
    }

    [Fact]
    public void The_reason_of_a_suspension_names_the_moment() => Assert.Equal("it will be deleted on 2026-01-02 03:04 UTC", TenantEndRules.WillBeDeleted(Now));
}
