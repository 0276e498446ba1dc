using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans;
using Orleans.Configuration;
using Orleans.Core.Internal;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using Orleans.TestingHost;
using Sophia.Cluster;
using Sophia.Security;

namespace Sophia;

internal sealed partial class ManySilos
{
    private InProcessTestCluster? cluster;
    private Action<ISiloBuilder> next = static _ => { };
    private readonly HashSet<SiloAddress> dead = [];
    private int moves;

    public async Task Add(string name, Action<ISiloBuilder> configure)
    {
        next = configure;
        cluster ??= Made();
        Joined((await cluster.StartAdditionalSiloAsync()).SiloHost.Services);
        await Agree(name);
    }

    /// <summary>The silo ends without a word; done when the others know it.</summary>
    public async Task Kill(int silo)
    {
        var address = silos[silo].Address;
        dead.Add(address);
        await cluster!.KillSiloAsync(cluster.GetSiloForAddress(address)!);
        await Eventually.Comes(() => IsDeclared(address), $"{address} declared dead");
        await Agree($"the end of {address}");
    }

    /// <summary>The grain goes to another silo that lives; its state, as its store has it.</summary>
    public async Task Move(IGrain grain)
    {
        using var _ = CallerContext.ForSystem("test");
        var living = silos.Where(silo => !dead.Contains(silo.Address)).Select(silo => silo.Address).ToList();
        var others = living.Where(silo => !silo.Equals(Find(grain.GetGrainId()))).ToList();
        RequestContext.Set(IPlacementDirector.PlacementHintKey, others[moves++ % others.Count]);
        try
        {
            await Grains(silos.FindIndex(silo => silo.Address.Equals(living[0]))).GetGrain(grain.GetGrainId()).Cast<IGrainManagementExtension>().MigrateOnIdle();
        }
        finally
        {
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (cluster is null)
            return;
        await cluster.StopAllSilosAsync();
        await cluster.DisposeAsync();
    }

    private InProcessTestCluster Made()
    {
        var builder = new InProcessTestClusterBuilder(0);
        (builder.Options.ConfigureFileLogging, builder.Options.InitializeClientOnDeploy) = (false, false);
        builder.ConfigureSilo((_, silo) =>
        {
            // Who is dead is said by the test: a silo that is slow because the machine is must not be taken for one.
            silo.Configure<ClusterMembershipOptions>(options => (options.ProbeTimeout, options.TableRefreshTimeout) = (TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(1)));
            // As in a cluster of Sophia's.
            silo.Services.TryAddSingleton(TimeProvider.System);
            silo.AddOutgoingGrainCallFilter<RepeatedCalls>();
            next(silo);
        });
        return builder.Build();
    }

    private async Task Agree(string what)
    {
        foreach (var (asked, services) in silos.Where(silo => !dead.Contains(silo.Address)))
            await Eventually.Comes(() => silos.All(other => Get<ISiloStatusOracle>(services).GetApproximateSiloStatus(other.Address) == (dead.Contains(other.Address) ? SiloStatus.Dead : SiloStatus.Active)), $"{what}, on {asked}");
    }

    /// <summary>False where somebody else wrote at that moment.</summary>
    private async Task<bool> IsDeclared(SiloAddress address)
    {
        var table = Get<IMembershipTable>(silos.First(silo => !dead.Contains(silo.Address)).Services);
        var all = await table.ReadAll();
        var (entry, tag) = all.Members.Single(member => member.Item1.SiloAddress.Equals(address));
        if (entry.Status == SiloStatus.Dead)
            return true;
        entry.Status = SiloStatus.Dead;
        return await table.UpdateRow(entry, tag, all.Version.Next());
    }

    private static T Get<T>(IServiceProvider services) => (T)services.GetService(typeof(T))!;

    private SiloAddress? Find(GrainId grain) => cluster!.TryGetGrainContext(grain, out var context) ? context.Address.SiloAddress : null;
}
