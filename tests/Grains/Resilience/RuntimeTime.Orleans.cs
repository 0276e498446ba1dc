using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Sophia.Resilience;

/// <summary>Keeps the runtime's own clock out of what a test does to the grains'. Its counterpart is RuntimeTime.InProcess.cs.</summary>
internal static class RuntimeTime
{
    /// <summary>Orleans plans the end of idle activations by the clock and will not have it jump.</summary>
    public static void StaysReal(IServiceCollection services)
    {
        foreach (var part in typeof(TimeProviderNames).GetFields().Where(field => field.IsStatic && field.Name != nameof(TimeProviderNames.Grains)))
            services.AddKeyedSingleton(part.GetValue(null), TimeProvider.System);
    }
}
