namespace Orleans.Runtime
{
    /// <summary>What a silo knows of the others without asking.</summary>
    public interface ISiloStatusOracle
    {
        /// <summary>How this silo is.</summary>
        SiloStatus CurrentStatus { get; }

        /// <summary>This silo's name.</summary>
        string SiloName { get; }

        /// <summary>This silo's address.</summary>
        SiloAddress SiloAddress { get; }

        /// <summary>The silos that take grains.</summary>
        SiloAddress[] GetActiveSilos();

        /// <summary>How a silo is; <see cref="SiloStatus.None"/> if it is unknown.</summary>
        SiloStatus GetApproximateSiloStatus(SiloAddress siloAddress);

        /// <summary>The silos and how each is.</summary>
        Dictionary<SiloAddress, SiloStatus> GetApproximateSiloStatuses(bool onlyActive = false);
    }
}

namespace Orleans.InProcess
{
    using Orleans.Runtime;

    internal sealed class SiloStatusOracle(Silo self, ILocalSiloDetails details) : ISiloStatusOracle
    {
        public SiloStatus CurrentStatus => self.Status;

        public string SiloName => details.Name;

        public SiloAddress SiloAddress => self.Address;

        public SiloAddress[] GetActiveSilos() => Array.ConvertAll(self.Cluster.Membership.Active, other => other.Address);

        public SiloStatus GetApproximateSiloStatus(SiloAddress siloAddress) => GetApproximateSiloStatuses().GetValueOrDefault(siloAddress);

        public Dictionary<SiloAddress, SiloStatus> GetApproximateSiloStatuses(bool onlyActive = false) => self.Cluster.Membership.Statuses(onlyActive);
    }
}
