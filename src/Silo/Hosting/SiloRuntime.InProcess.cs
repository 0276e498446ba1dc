using Orleans.Hosting;

namespace Sophia.Hosting;

/// <summary>What stands under the grains in this build: Sophia's own runtime for one process. Its counterpart is SiloRuntime.Orleans.cs.</summary>
internal static class SiloRuntime
{
    public const string Name = "InProcess";

    /// <summary>One silo that is a cluster of its own.</summary>
    public static ISiloBuilder UseSingleSilo(this ISiloBuilder silo) => silo;
}
