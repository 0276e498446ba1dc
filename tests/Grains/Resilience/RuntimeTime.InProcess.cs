using Microsoft.Extensions.DependencyInjection;

namespace Sophia.Resilience;

/// <summary>Keeps the runtime's own clock out of what a test does to the grains'. Its counterpart is RuntimeTime.Orleans.cs.</summary>
internal static class RuntimeTime
{
    /// <summary>The runtime in process lets time move as it likes.</summary>
    public static void StaysReal(IServiceCollection services) => _ = services;
}
