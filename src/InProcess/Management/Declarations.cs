using Orleans.Statistics;

namespace Orleans.Runtime;

/// <summary>How a silo is.</summary>
public enum SiloStatus
{
    /// <summary>Unknown.</summary>
    None,

    /// <summary>Made.</summary>
    Created,

    /// <summary>Starts.</summary>
    Joining,

    /// <summary>Takes grains.</summary>
    Active,

    /// <summary>Stops in good order.</summary>
    ShuttingDown,

    /// <summary>Stops in haste.</summary>
    Stopping,

    /// <summary>Gone.</summary>
    Dead,
}

/// <summary>One silo as the cluster sees it.</summary>
[GenerateSerializer, Alias("Orleans.Runtime.MembershipEntry")]
public sealed record MembershipEntry
{
    /// <summary>Its address.</summary>
    [Id(0)]
    public required SiloAddress SiloAddress { get; set; }

    /// <summary>How it is.</summary>
    [Id(1)]
    public SiloStatus Status { get; set; }

    /// <summary>Its machine.</summary>
    [Id(4)]
    public required string HostName { get; set; }

    /// <summary>Its name.</summary>
    [Id(5)]
    public required string SiloName { get; set; }

    /// <summary>When it started; UTC.</summary>
    [Id(9)]
    public DateTime StartTime { get; set; }

    /// <summary>When it last said that it lives; UTC. In one process, its start.</summary>
    [Id(10)]
    public DateTime IAmAliveTime { get; set; }
}

/// <summary>How many activations of one class a silo has.</summary>
[GenerateSerializer, Alias("Orleans.Runtime.SimpleGrainStatistic")]
public sealed class SimpleGrainStatistic
{
    /// <summary>The class, as "Namespace.Class,Assembly".</summary>
    [Id(0)]
    public string GrainType { get; set; } = "";

    /// <summary>The silo.</summary>
    [Id(1)]
    public required SiloAddress SiloAddress { get; set; }

    /// <summary>How many.</summary>
    [Id(2)]
    public int ActivationCount { get; set; }
}

/// <summary>One activation.</summary>
[GenerateSerializer, Alias("Orleans.Runtime.DetailedGrainStatistic")]
public sealed class DetailedGrainStatistic
{
    /// <summary>The class, as "Namespace.Class,Assembly".</summary>
    [Id(0)]
    public string GrainType { get; set; } = "";

    /// <summary>The silo.</summary>
    [Id(1)]
    public required SiloAddress SiloAddress { get; set; }

    /// <summary>The grain.</summary>
    [Id(2)]
    public GrainId GrainId { get; set; }
}

/// <summary>What a silo has to do.</summary>
[GenerateSerializer, Alias("Orleans.Runtime.SiloRuntimeStatistics")]
public sealed class SiloRuntimeStatistics
{
    /// <summary>Activations, the runtime's own included.</summary>
    [Id(0)]
    public int ActivationCount { get; init; }

    /// <summary>What its process uses.</summary>
    [Id(1)]
    public EnvironmentStatistics EnvironmentStatistics { get; init; }

    /// <summary>Whether it sheds requests; in one process never.</summary>
    [Id(2)]
    public bool IsOverloaded { get; init; }
}

/// <summary>What an operator asks of a cluster; the key is 0.</summary>
[Alias("Orleans.Runtime.IManagementGrain")]
public interface IManagementGrain : IGrainWithIntegerKey
{
    /// <summary>The silos and how each is.</summary>
    Task<Dictionary<SiloAddress, SiloStatus>> GetHosts(bool onlyActive = false);

    /// <summary>The silos with name, machine and times.</summary>
    Task<MembershipEntry[]> GetDetailedHosts(bool onlyActive = false);

    /// <summary>Ends what nobody used for <paramref name="ageLimit"/> on these silos; on all if there are none.</summary>
    Task ForceActivationCollection(SiloAddress[] hostsIds, TimeSpan ageLimit);

    /// <summary>Ends what nobody used for <paramref name="ageLimit"/> on all silos.</summary>
    Task ForceActivationCollection(TimeSpan ageLimit);

    /// <summary>What these silos have to do; all if there are none.</summary>
    Task<SiloRuntimeStatistics[]> GetRuntimeStatistics(SiloAddress[] hostsIds);

    /// <summary>Activations by class and silo, on these silos; on all if there are none.</summary>
    Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics(SiloAddress[] hostsIds);

    /// <summary>Activations by class and silo.</summary>
    Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics();

    /// <summary>All activations; of these classes if there are any, on these silos if there are any.</summary>
    Task<DetailedGrainStatistic[]> GetDetailedGrainStatistics(string[]? types = null, SiloAddress[]? hostsIds = null);

    /// <summary>How many activations a grain has now.</summary>
    Task<int> GetGrainActivationCount(GrainReference grainReference);

    /// <summary>How many activations there are, the runtime's own included.</summary>
    Task<int> GetTotalActivationCount();

    /// <summary>The silo that has a grain; null if none has.</summary>
    ValueTask<SiloAddress?> GetActivationAddress(IAddressable reference);

    /// <summary>The grains of a type that are active.</summary>
    ValueTask<List<GrainId>> GetActiveGrains(GrainType type);
}
