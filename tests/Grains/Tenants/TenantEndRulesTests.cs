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
    [InlineData(null, false, false)]
    [InlineData(null, true, false)]
    [InlineData("the bill is open", false, false)]
    [InlineData("it will be deleted on Friday unless the bill is paid", false, false)]
    [InlineData("it will be deleted on 2026-01-02 03:04 UTC", false, false)]
    [InlineData("it will be deleted on 2026-01-02 03:04 UTC", true, true)]
    [InlineData(TenantEndRules.TakenBack, false, true)]
    [InlineData(TenantEndRules.TakenBack, true, true)]
    public void Where_nothing_is_scheduled_the_state_says_whether_somebody_is_to_be_told_and_no_person_s_words_do(string? told, bool isUnsaid, bool goesOn)
    {
        var state = new TenantEndState { IsUnsaid = isUnsaid };
        if (goesOn)
            Assert.Same(state, TenantEndRules.Keep(state, told));
        else
            Assert.Equal(RefusalCode.NotFound, Assert.Throws<RefusedException>(() => TenantEndRules.Keep(state, told)).Code);
    }

    [Fact]
    public void Whoever_dies_while_a_deletion_is_wanted_or_taken_back_leaves_a_state_that_goes_on()
    {
        var (nobody, wanted) = (new TenantEndState(), TenantEndRules.WillBeDeleted(Now));
        var telling = TenantEndRules.Tells(nobody);
        Assert.Same(telling, TenantEndRules.Keep(telling, wanted)); // Told, and not scheduled.
        var scheduled = TenantEndRules.Schedule(telling, false, "ada", Now, TimeSpan.FromDays(7));
        Assert.Equal((TenantEndPhase.Scheduled, false), (scheduled.Phase!.Value, scheduled.IsUnsaid));
        Assert.Same(scheduled, TenantEndRules.Tells(scheduled));
        var kept = TenantEndRules.Keep(scheduled, null);
        Assert.Same(kept, TenantEndRules.Keep(kept, wanted)); // Taken back, and not told.
        var said = TenantEndRules.Said(kept);
        Assert.Same(said, TenantEndRules.Keep(said, TenantEndRules.TakenBack)); // The answer was lost.
        Assert.Equal(RefusalCode.NotFound, Assert.Throws<RefusedException>(() => TenantEndRules.Keep(said, "it will be deleted on Friday unless the bill is paid")).Code);
    }

    [Fact]
    public void A_state_of_before_is_read()
    {
        var old = System.Text.Json.JsonSerializer.Deserialize<TenantEndState>("""{"Format":1,"Phase":1,"By":"ada"}""")!;
        Assert.Equal(("ada", false), (old.By, old.IsUnsaid));
    }

    [Fact]
    public void The_reason_of_a_suspension_names_the_moment() => Assert.Equal("it will be deleted on 2026-01-02 03:04 UTC", TenantEndRules.WillBeDeleted(Now));
}
