using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Messaging;

namespace Sophia.Runtime.Contract;

/// <summary>Several silos and a client for one test, which may stop silos, kill them and add others. How each runtime does that stands in
/// the file of its name.</summary>
public sealed partial class SiloCluster : IAsyncDisposable
{
    // A call through a gateway that is lost waits so long, and is made again.
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(30);

    private readonly Dictionary<SiloAddress, LifeOfASilo> _lives = [];
    private readonly Dictionary<SiloAddress, string> _zones = [];
    private readonly Dictionary<SiloAddress, ISiloMetadataCache> _metadata = [];
    private readonly Dictionary<SiloAddress, ISiloStatusOracle> _known = [];

    public Journal Journal { get; } = new();

    /// <summary>One silo for each of these zones.</summary>
    public static async Task<SiloCluster> Start(params string[] zones)
    {
        var cluster = new SiloCluster();
        await cluster.StartFirst(zones[0]);
        foreach (var zone in zones.Skip(1))
            await cluster.Add(zone);
        await cluster.Settle(zones.Length);
        return cluster;
    }

    /// <summary>What the silo's own stages wrote; read it when the silo has gone too.</summary>
    public IReadOnlyList<string> LifeOf(SiloAddress silo) => Journal.Read(_lives[silo].Key);

    /// <summary>What a silo knows of the others.</summary>
    public ISiloStatusOracle Known(SiloAddress silo) => _known[silo];

    public string ZoneOf(SiloAddress silo) => _zones[silo];

    /// <summary>The management grain names so many active silos, and each of them knows all and what they say of themselves.</summary>
    public async Task Settle(int silos)
    {
        await Eventually(async () => (await Grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true)).Keys is { } hosts && hosts.Count == silos
            && hosts.All(knowing => hosts.All(known => _metadata[knowing].GetSiloMetadata(known).Metadata.Count > 0)));
        await SettleViews();
    }

    /// <summary>Calls until the answer is this; what a lost silo makes of a call meanwhile is no failure.</summary>
    public static async Task Eventually(Func<Task<bool>> question)
    {
        await Sophia.Eventually.Comes(async () =>
        {
            try
            {
                return await question();
            }
            catch (Exception lost) when (lost is OrleansMessageRejectionException or TimeoutException or ConnectionFailedException)
            {
                return false;
            }
        }, "the answer that was asked for");
    }

    private void Configure(ISiloBuilder silo, string zone)
    {
        silo.UseSiloMetadata(new Dictionary<string, string> { ["zone"] = zone });
        silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = ResponseTimeout);
        silo.AddMemoryGrainStorage("Default");
        silo.AddMemoryGrainStorage("second");
        silo.UseInMemoryReminderService();
        silo.Services.AddSingleton(Journal);
        silo.Services.AddSingleton<LifeOfASilo>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<LifeOfASilo>());
        silo.Services.AddPlacementFilter<ZoneFilter, ZoneFilterDirector>(ServiceLifetime.Transient);
    }

    private SiloAddress Remember(IServiceProvider services, string zone)
    {
        var address = services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        _lives[address] = services.GetRequiredService<LifeOfASilo>();
        _zones[address] = zone;
        _known[address] = services.GetRequiredService<ISiloStatusOracle>();
        _metadata[address] = services.GetRequiredService<ISiloMetadataCache>();
        return address;
    }
}

/// <summary>Writes down in which order a silo starts and stops.</summary>
public sealed class LifeOfASilo(Journal journal, ILocalSiloDetails silo) : ILifecycleParticipant<ISiloLifecycle>
{
    public string Key => $"life of {silo.SiloAddress}";

    public void Participate(ISiloLifecycle lifecycle)
    {
        foreach (var (name, stage) in new[]
        {
            ("active", ServiceLifecycleStage.Active),
            ("runtime", ServiceLifecycleStage.RuntimeInitialize),
            ("application", ServiceLifecycleStage.ApplicationServices),
        })
        {
            lifecycle.Subscribe(name, stage, _ => Write($"{name} starts"), _ => Write($"{name} stops"));
        }
    }

    private Task Write(string line)
    {
        journal.Write(Key, line);
        return Task.CompletedTask;
    }
}
