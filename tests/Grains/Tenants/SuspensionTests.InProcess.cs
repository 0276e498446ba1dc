using Orleans;
using Orleans.Hosting;
using Orleans.InProcess;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;

namespace Sophia.Tenants;

// Goal: what one silo is told of a suspension holds on the others as soon as is promised. Method: two silos of one cluster, each asked for what it serves itself.
public sealed class SuspensionTests
{
    private static readonly string Key = TenantKey.Of(SiloOfTwo.Tenant);

    [Fact]
    public async Task A_suspension_and_its_end_hold_on_every_silo_within_5_seconds_whichever_was_told()
    {
        var cluster = new InProcessCluster();
        await using var two = await TwoSilos.Start(silo => silo.UseInProcessCluster(cluster));
        SiloOfTwo[] silos = [two.Older, two.Younger];
        await AsSystem(two.Older, tenant => tenant.Create("Acme"));
        await Everywhere(silos, isServed: true);
        await AsSystem(two.Older, tenant => tenant.Suspend("the bill is open", "somebody"));
        await Everywhere(silos, isServed: false);
        await AsSystem(two.Younger, tenant => tenant.Resume("somebody"));
        await Everywhere(silos, isServed: true);
    }

    [Fact]
    public async Task What_is_remembered_of_records_is_forgotten_on_every_silo_after_each_erasure_and_nothing_else_is()
    {
        var cluster = new InProcessCluster();
        await using var two = await TwoSilos.Start(silo => silo.UseInProcessCluster(cluster));
        for (var erasures = 1; erasures <= 2; erasures++)
        {
            using (CallerContext.ForSystem("test"))
                await two.Younger.Grains.GetGrain<ITenantDirectoryGrain>(TenantKey.System).Forget(SiloOfTwo.Tenant);
            foreach (var silo in (SiloOfTwo[])[two.Older, two.Younger])
                await Eventually.Get(() => Task.FromResult(silo.OfRecords.Forgotten.GetValueOrDefault(SiloOfTwo.Tenant)), times => times == erasures, "What is to be forgotten");
        }
        Assert.Empty(two.Older.OfOthers.Forgotten);
        Assert.Empty(two.Younger.OfOthers.Forgotten);
        Assert.Single(two.Older.OfRecords.Forgotten);
    }

    private static async Task Everywhere(SiloOfTwo[] silos, bool isServed)
    {
        foreach (var silo in silos)
            await Eventually.Get(() => Said(silo), said => (said is null) == isServed, "What every silo is to know");
    }

    /// <summary>Why the tenant is not served; null: it is. The reader of records is on the silo that asks.</summary>
    private static async Task<string?> Said(SiloOfTwo silo)
    {
        var known = silo.Gate.Because(SiloOfTwo.Tenant);
        try
        {
            await silo.As<IRecordsGrain, IReadOnlyList<StreamView>>(Key, records => records.Streams());
            return silo.Gate.Because(SiloOfTwo.Tenant) == known ? known : null;
        }
        catch (RefusedException refused)
        {
            Assert.Equal((RefusalCode.Forbidden, "This tenant is suspended: the bill is open"), (refused.Code, refused.Message));
            return refused.Message;
        }
    }

    private static async Task AsSystem(SiloOfTwo silo, Func<ITenantGrain, Task> tell)
    {
        using var _ = CallerContext.ForSystem("test");
        await tell(silo.Grains.GetGrain<ITenantGrain>(Key));
    }
}
