using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;
using Orleans.Storage;
using Sophia.Chat;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Security;

namespace Sophia.Tenants;

// Goal: every process refuses a suspended tenant, whatever it can reach, and lets nobody in of whom it knows nothing. Method: silos of one cluster over one store; exchanges end, pushes are lost, the store goes away, clocks are moved.
public sealed class TenantSilosTests : IAsyncLifetime
{
    private static readonly TenantId Acme = TenantId.Parse("acme"), Globex = TenantId.Parse("globex");
    private static readonly RefusalCode? Open = null;

    private readonly ManySilos silos = new();
    private readonly LossyPushes pushes = new();
    private readonly StateInMemory store = new();
    private readonly MemoryLog log = new();
    private readonly List<Clock> clocks = [];
    private volatile bool isOfLastRelease;

    public async Task InitializeAsync()
    {
        for (var silo = 0; silo < 3; silo++)
            await Add();
        foreach (var tenant in (TenantId[])[Acme, Globex])
            await As(tenant, grain => grain.Create(tenant.Value));
        await Everywhere(Acme, Open, 0, 1, 2);
    }

    public Task DisposeAsync() => silos.DisposeAsync().AsTask();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_suspension_and_its_end_are_pushed_to_every_silo(bool isEnd)
    {
        if (isEnd)
        {
            await Suspend(Acme);
            await Everywhere(Acme, RefusalCode.Forbidden, 0, 1, 2);
        }
        await Exchanged(0, 1, 2);
        for (var silo = 0; silo < 3; silo++)
            await silos.Get<Replicas>(silo).StopAsync(default); // What comes now was pushed.
        if (isEnd)
            await As(Acme, grain => grain.Resume("ann"));
        else
            await Suspend(Acme);
        await Everywhere(Acme, isEnd ? Open : RefusalCode.Forbidden, 0, 1, 2);
        await Everywhere(Globex, Open, 0, 1, 2);
    }

    [Fact]
    public async Task A_suspension_whose_pushes_are_lost_comes_with_the_next_exchange_also_after_an_hour_in_which_nobody_asked()
    {
        await Exchanged(0, 1, 2);
        pushes.AreLost = true;
        foreach (var clock in clocks)
            clock.Move(TimeSpan.FromHours(1));
        await Suspend(Acme);
        for (var silo = 0; silo < 3; silo++)
        {
            var gate = silos.Get<ITenantGate>(silo);
            await Eventually.Comes(() => gate.Because(Acme) is not null, $"the suspension on silo {silo}");
        }
    }

    [Fact]
    public async Task A_silo_that_starts_refuses_a_suspended_tenant_from_its_first_call_on()
    {
        await Suspend(Acme);
        await Add();
        Assert.NotEqual(Open, await At(3, Acme));
        await Everywhere(Acme, RefusalCode.Forbidden, 3);
        await Everywhere(Globex, Open, 3);
    }

    [Fact]
    public async Task While_nobody_can_say_who_is_suspended_what_was_known_counts_and_a_silo_that_knows_nothing_lets_nobody_in()
    {
        await Suspend(Acme);
        await Everywhere(Acme, RefusalCode.Forbidden, 0, 1, 2);
        store.IsAway = true;
        var home = silos.HomeOf(Directory(0))!.Value;
        await silos.Kill(home);
        var left = Enumerable.Range(0, 3).Where(silo => silo != home).ToArray();
        await Add();
        await Cannot(left[0]);
        Assert.Equal(RefusalCode.Unavailable, await At(3, Acme));
        Assert.Equal(RefusalCode.Unavailable, await At(3, Globex));
        foreach (var silo in left)
        {
            Assert.Equal(RefusalCode.Forbidden, await At(silo, Acme));
            Assert.Equal(Open, await At(silo, Globex));
        }
        store.IsAway = false;
        await Everywhere(Globex, Open, [.. left, 3]);
        await Everywhere(Acme, RefusalCode.Forbidden, [.. left, 3]);
    }

    [Fact]
    public async Task A_silo_whose_copy_nobody_confirms_for_five_minutes_lets_nobody_in_and_keeps_the_suspended_out_with_the_reason()
    {
        await Suspend(Acme);
        await Everywhere(Acme, RefusalCode.Forbidden, 0, 1, 2);
        store.IsAway = true;
        var home = silos.HomeOf(Directory(0))!.Value;
        await silos.Kill(home);
        var other = home == 0 ? 1 : 0;
        await Cannot(other);
        clocks[other].Move(ITenantGate.CountsFor / 2);
        Assert.Equal(Open, await At(other, Globex));
        clocks[other].Move(ITenantGate.CountsFor);
        Assert.Equal(RefusalCode.Unavailable, await At(other, Globex));
        Assert.Equal(RefusalCode.Forbidden, await At(other, Acme));
        await silos.Get<Replicas>(other).StopAsync(default); // No exchange any more: a door asks by itself.
        store.IsAway = false;
        await Everywhere(Globex, Open, other);
        Assert.Equal(RefusalCode.Forbidden, await At(other, Acme));
    }

    [Fact]
    public async Task A_list_that_lost_its_memory_is_followed_again()
    {
        await Suspend(Acme);
        await Suspend(Globex);
        await Everywhere(Globex, RefusalCode.Forbidden, 0, 1, 2);
        var home = silos.HomeOf(Directory(0))!.Value;
        var left = Enumerable.Range(0, 3).Where(silo => silo != home).ToArray();
        store.Lose("tenants");
        await silos.Kill(home);
        await Everywhere(Globex, Open, left);
        await As(Acme, grain => grain.Suspend("the bill is still open", "ann"), left[0]);
        await Everywhere(Acme, RefusalCode.Forbidden, left);
        await Everywhere(Globex, Open, left);
    }

    [Fact]
    public async Task Beside_the_last_release_which_can_suspend_nobody_a_silo_that_starts_lets_everybody_in_until_the_list_is_with_a_new_silo()
    {
        isOfLastRelease = true;
        await Add();
        await Everywhere(Acme, Open, 3);
        isOfLastRelease = false;
        await Suspend(Acme);
        await Everywhere(Acme, RefusalCode.Forbidden, 0, 1, 2, 3);
    }

    private Task Add()
    {
        var called = $"silo-{silos.Count}";
        var clock = new Clock();
        clocks.Add(clock);
        return silos.Add(called, silo =>
        {
            silo.AddIncomingGrainCallFilter<TenantCallFilter>();
            pushes.GoThrough(silo);
            silo.AddOutgoingGrainCallFilter(call => isOfLastRelease && call.InterfaceMethod.Name is (nameof(ITenantDirectoryGrain.Suspensions) or nameof(IReplicatedGrain.Exchange))
                ? throw OtherReleases.Refusal() : call.Invoke());
            RuntimeTime.StaysReal(silo.Services);
            silo.Services.AddLogging().AddSophiaPlacement().AddSingleton<TimeProvider>(clock).AddSingleton<ILogStore>(log).AddSingleton<ISecretSource, Secret>();
            foreach (var name in (string[])[Stores.Durable, Stores.Fast])
                silo.Services.AddGrainStorage(name, (_, _) => store);
            silo.Services.AddReplicas(replicas => (replicas.ExchangeEvery, replicas.RetryAfter, replicas.ProcessName) = (TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(100), called));
            silo.Services.AddTenantGate();
        });
    }

    private ITenantDirectoryGrain Directory(int silo) => silos.Grains(silo).GetGrain<ITenantDirectoryGrain>(TenantKey.System);

    private Task Suspend(TenantId tenant) => As(tenant, grain => grain.Suspend("the bill is open", "ann"));

    private async Task As(TenantId tenant, Func<ITenantGrain, Task> tell, int silo = 0)
    {
        using var _ = CallerContext.ForSystem("test");
        await tell(silos.Grains(silo).GetGrain<ITenantGrain>(TenantKey.Of(tenant)));
    }

    /// <summary>What the tenant is told at a silo's own doors; null: it is let in.</summary>
    private async Task<RefusalCode?> At(int silo, TenantId tenant)
    {
        try
        {
            await silos.Get<ITenantGate>(silo).MustBeOpen(tenant);
            return null;
        }
        catch (RefusedException refused)
        {
            Assert.Equal(refused.Code == RefusalCode.Forbidden, refused.Message.StartsWith("This tenant is suspended: the bill is ", StringComparison.Ordinal));
            Assert.Equal(refused.Code == RefusalCode.Unavailable, refused.RetryAt is not null);
            return refused.Code;
        }
    }

    private async Task Everywhere(TenantId tenant, RefusalCode? told, params int[] which)
    {
        foreach (var silo in which)
        {
            await Eventually.Comes(async () => await At(silo, tenant) == told, $"{told?.ToString() ?? "an open door"} for {tenant} on silo {silo}");
            if (told is not null)
                continue;
            // And it is served, wherever its grain is.
            using var _ = CallerContext.For(tenant);
            await Eventually.Comes(async () =>
            {
                try
                {
                    return await silos.Grains(silo).GetGrain<ITenantGrain>(TenantKey.Of(tenant)).View() is not null;
                }
                catch (RefusedException)
                {
                    return false;
                }
            }, $"an answer to {tenant}");
        }
    }

    /// <summary>Their copies came by an exchange, so they are subscribed.</summary>
    private async Task Exchanged(params int[] which)
    {
        foreach (var silo in which)
            await silos.Get<Replicas>(silo).Get(TenantsKind.Singleton, TenantKey.System).Known;
    }

    /// <summary>The list is out of reach.</summary>
    private Task Cannot(int silo) => Eventually.Comes(async () =>
    {
        try
        {
            await silos.Get<ITenantGate>(silo).Refresh();
            return false;
        }
        catch (Exception failure) when (failure is not Xunit.Sdk.XunitException)
        {
            return true;
        }
    }, "a list that cannot be had");

    /// <summary>The real time, and how far a test has moved it.</summary>
    private sealed class Clock : TimeProvider
    {
        private long moved;

        public void Move(TimeSpan by) => Interlocked.Add(ref moved, by.Ticks);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => (long)(System.GetTimestamp() * ((double)TimeSpan.TicksPerSecond / System.TimestampFrequency)) + Interlocked.Read(ref moved);

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref moved));
    }

    private sealed class Secret : ISecretSource
    {
        public void Fill(Span<byte> bytes) => System.Security.Cryptography.RandomNumberGenerator.Fill(bytes);
    }
}
