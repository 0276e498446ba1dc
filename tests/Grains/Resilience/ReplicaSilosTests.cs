namespace Sophia.Resilience;

// Goal: every process of a cluster decides by the same truth, wherever its grain lives. Method: four silos over one store; what is exchanged is held back where pushes are to be seen alone; the grain is moved, and its silo killed.
public sealed class ReplicaSilosTests
{
    private const int Silos = 4;

    private static readonly BreakerOptions Patient = new() { BreakFor = TimeSpan.FromHours(1), LongestBreak = TimeSpan.FromHours(1) };

    [Fact]
    public async Task A_change_is_pushed_to_every_silo_that_exchanged_before()
    {
        await using var silos = await Known();
        for (var silo = 0; silo < Silos; silo++)
            await silos.Replicas(silo).StopAsync(default); // No exchange any more: what comes now was pushed.
        await Isolate(silos, 0);
        await IsolatedOn(silos, 0, 1, 2, 3);
    }

    [Fact]
    public async Task A_silo_that_uses_a_copy_has_it_confirmed_again_and_again_and_one_that_is_cut_off_sees_it_grow_old()
    {
        await using var silos = await Known();
        for (var silo = 0; silo < Silos; silo++)
            for (var renewals = 0; renewals < 3; renewals++)
            {
                var before = Copy(silos, silo).Age;
                await Eventually.Comes(() =>
                {
                    silos.Breaker(silo).TryEnter();
                    var now = Copy(silos, silo).Age;
                    (var younger, before) = (now < before, now);
                    return younger;
                }, $"a renewal on silo {silo}");
            }
        await silos.Replicas(0).StopAsync(default);
        var first = Copy(silos, 0).Age!.Value;
        // A push brings what is newer, and renews nothing.
        await Isolate(silos, 1);
        await IsolatedOn(silos, 0, 1, 2, 3);
        Assert.True(Copy(silos, 0).Age > first);
        await Eventually.Comes(() => Copy(silos, 0).IsStale, "a copy whose lease is over");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_truth_goes_on_elsewhere_when_its_silo_dies_or_its_grain_moves(bool dies)
    {
        await using var silos = await Known();
        var home = silos.Home()!.Value;
        int[] left = [.. Enumerable.Range(0, Silos).Where(silo => !dies || silo != home)];
        var version = Copy(silos, left[0]).Version;
        if (dies)
            await silos.Kill(home);
        else
            await silos.Move();
        await Isolate(silos, left[^1]);
        await IsolatedOn(silos, left);
        Assert.All(left, silo => Assert.True(Copy(silos, silo).Version > version && Copy(silos, silo).Epoch == 1, "it began anew"));
        await silos.Ask(left[0], grain => grain.Set(BreakerHold.None, "ann", "as ever", SomeSilos.Tenant));
        foreach (var silo in left)
            await Eventually.Comes(() => silos.Knows(silo) is { Hold: BreakerHold.None }, $"the reset on silo {silo}");
    }

    [Fact]
    public async Task What_is_isolated_while_a_silo_does_not_use_it_lets_not_one_call_through_there()
    {
        await using var silos = await Known();
        silos.Replicas(1).Forget(SomeSilos.Tenant); // As after five minutes without a call.
        await Isolate(silos, 0);
        Assert.Equal(BreakerRefusalReason.Isolated, (await silos.Breaker(1).Enter(default)).Refusal.Reason);
    }

    private static async Task<SomeSilos> Known()
    {
        var silos = await SomeSilos.Start(Silos, Patient);
        await silos.Everywhere(BreakerPhase.Closed, 0, 1, 2, 3);
        return silos;
    }

    private static Replica<BreakerCopy> Copy(SomeSilos silos, int silo) => silos.Replicas(silo).Get(BreakerKind.Singleton, "acme/model");

    private static Task<BreakerView> Isolate(SomeSilos silos, int by) => silos.Ask(by, grain => grain.Set(BreakerHold.Isolated, "ann", "a drill", SomeSilos.Tenant));

    private static async Task IsolatedOn(SomeSilos silos, params int[] which)
    {
        foreach (var silo in which)
            await Eventually.Comes(() => silos.Knows(silo) is { Hold: BreakerHold.Isolated }, $"isolation on silo {silo}");
    }
}
