using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Serialization;

namespace Orleans.InProcess;

/// <summary>What a silo and a client have in common.</summary>
internal static class InProcessParts
{
    public static void Add(IServiceCollection services, bool isClient)
    {
        services.AddOptions();
        services.AddLogging();
        services.AddSingleton(new SiloRole(isClient));
        services.TryAddSingleton<InProcessCluster>();
        services.TryAddSingleton<IRuntimeWorld, ThreadPoolWorld>();
        services.AddSingleton<DeepCopier>();
        services.AddSingleton(provider => new GrainClasses(GrainAssemblies.Find(provider.GetServices<GrainAssembly>())));
        services.AddSingleton<Silo>();
        services.AddSingleton<IClusterClient>(provider => provider.GetRequiredService<Silo>().Factory);
        services.AddSingleton<IGrainFactory>(provider => provider.GetRequiredService<Silo>().Factory);
    }
}
