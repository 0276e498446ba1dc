using Orleans.Hosting;

namespace Sophia.Hosting;

/// <summary>What stands under the grains in this build: Sophia's own runtime for one process. Its counterpart is SiloRuntime.Orleans.cs.</summary>
internal static class SiloRuntime
{
    /// <summary>As "up" says it.</summary>
    public const string Name = "embedded runtime InProcess";

    public static bool IsOrleans => false;

    /// <summary>One silo that is a cluster of its own.</summary>
    public static ISiloBuilder UseSingleSilo(this ISiloBuilder silo) => silo;
}
