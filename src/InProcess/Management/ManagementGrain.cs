using Orleans.Concurrency;
using Orleans.Runtime;

namespace Orleans.InProcess.Management;

/// <summary>Answers from what all silos of the process share; as in Orleans a stateless worker, so that the loss of a silo takes it from nobody.</summary>
[StatelessWorker, Reentrant]
internal sealed class ManagementGrain(Silo silo) : Grain, IManagementGrain
{
    private Membership Membership => silo.Cluster.Membership;

    public Task<Dictionary<SiloAddress, SiloStatus>> GetHosts(bool onlyActive = false) => Task.FromResult(Membership.Statuses(onlyActive));

    public Task<MembershipEntry[]> GetDetailedHosts(bool onlyActive = false) => Task.FromResult(Membership.Entries(onlyActive).ToArray());

    public Task ForceActivationCollection(SiloAddress[] hostsIds, TimeSpan ageLimit)
    {
        foreach (var host in On(hostsIds))
            host.Collector.Collect(ageLimit);
        return Task.CompletedTask;
    }

    public Task ForceActivationCollection(TimeSpan ageLimit) => ForceActivationCollection([], ageLimit);

    public Task<SiloRuntimeStatistics[]> GetRuntimeStatistics(SiloAddress[] hostsIds) => Task.FromResult(On(hostsIds)
        .Select(host => new SiloRuntimeStatistics { ActivationCount = host.Catalog.Activations().Count(), EnvironmentStatistics = host.Load.Now() }).ToArray());

    public Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics(SiloAddress[] hostsIds) => Task.FromResult((
        from host in On(hostsIds)
        from activation in host.Catalog.Activations()
        group activation by (host.Address, Class: activation.Class.StatisticsName) into counted
        orderby counted.Key.Address, counted.Key.Class
        select new SimpleGrainStatistic
        {
            SiloAddress = counted.Key.Address,
            GrainType = counted.Key.Class,
            ActivationCount = counted.Count(),
        }).ToArray());

    public Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics() => GetSimpleGrainStatistics([]);

    public Task<DetailedGrainStatistic[]> GetDetailedGrainStatistics(string[]? types = null, SiloAddress[]? hostsIds = null) => Task.FromResult((
        from host in On(hostsIds ?? [])
        from activation in host.Catalog.Activations()
        where types is null || types.Length == 0 || types.Contains(activation.Class.StatisticsName)
        orderby host.Address, activation.GrainId
        select new DetailedGrainStatistic
        {
            SiloAddress = host.Address,
            GrainType = activation.Class.StatisticsName,
            GrainId = activation.GrainId,
        }).ToArray());

    public Task<int> GetGrainActivationCount(GrainReference grainReference) =>
        Task.FromResult(On([]).Count(host => host.Catalog.Activations().Any(activation => activation.GrainId == grainReference.GrainId)));

    public Task<int> GetTotalActivationCount() => Task.FromResult(On([]).Sum(host => host.Catalog.Activations().Count()));

    public ValueTask<SiloAddress?> GetActivationAddress(IAddressable reference) =>
        silo.Classes.Find(((GrainReference)reference).GrainId.Type).MaxWorkers > 0
            ? throw new InvalidOperationException($"Grain '{reference}' is a Stateless Worker. This type of grain can't be looked up by this method")
            : ValueTask.FromResult(silo.Cluster.Find(((GrainReference)reference).GrainId));

    public ValueTask<List<GrainId>> GetActiveGrains(GrainType type) => ValueTask.FromResult(On([])
        .SelectMany(host => host.Catalog.Activations()).Where(activation => activation.GrainId.Type == type)
        .Select(activation => activation.GrainId).Order().ToList());

    private IEnumerable<Silo> On(SiloAddress[] hosts) => Membership.Active.Where(host => hosts.Length == 0 || hosts.Contains(host.Address));
}
