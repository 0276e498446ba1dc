using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans;
using Orleans.Hosting;
using Orleans.InProcess;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Timers;

namespace Microsoft.Extensions.Hosting;

/// <summary>Gives a host a silo.</summary>
public static class OrleansSiloGenericHostExtensions
{
    /// <summary>Adds a silo.</summary>
    public static IHostApplicationBuilder UseOrleans(this IHostApplicationBuilder hostAppBuilder, Action<ISiloBuilder> configureDelegate)
    {
        configureDelegate(AddCore(hostAppBuilder.Services, hostAppBuilder.Configuration));
        return hostAppBuilder;
    }

    /// <summary>Adds a silo.</summary>
    public static HostApplicationBuilder UseOrleans(this HostApplicationBuilder hostAppBuilder, Action<ISiloBuilder> configureDelegate)
    {
        configureDelegate(AddCore(hostAppBuilder.Services, hostAppBuilder.Configuration));
        return hostAppBuilder;
    }

    /// <summary>Adds a silo.</summary>
    public static IHostBuilder UseOrleans(this IHostBuilder hostBuilder, Action<ISiloBuilder> configureDelegate) =>
        hostBuilder.ConfigureServices((context, services) => configureDelegate(AddCore(services, context.Configuration)));

    /// <summary>Adds a silo.</summary>
    public static IServiceCollection AddOrleans(this IServiceCollection services, Action<ISiloBuilder> configureDelegate)
    {
        configureDelegate(AddCore(services, new ConfigurationBuilder().Build()));
        return services;
    }

    private static SiloBuilder AddCore(IServiceCollection services, IConfiguration configuration)
    {
        var builder = new SiloBuilder(services, configuration);
        if (services.Any(service => service.ServiceType == typeof(Silo)))
            return builder;
        services.AddOptions();
        services.AddLogging();
        services.TryAddSingleton<IRuntimeWorld, ThreadPoolWorld>();
        services.AddSingleton<DeepCopier>();
        services.AddSingleton(provider => new GrainClasses(GrainAssemblies.Find(provider.GetServices<GrainAssembly>())));
        services.AddSingleton<Silo>();
        services.AddSingleton<GrainRuntime>();
        services.AddSingleton<ILocalSiloDetails, LocalSiloDetails>();
        services.AddSingleton<IGrainRuntime>(provider => provider.GetRequiredService<GrainRuntime>());
        services.AddSingleton<ITimerRegistry>(provider => provider.GetRequiredService<GrainRuntime>());
        services.AddSingleton<IGrainContextAccessor>(provider => provider.GetRequiredService<GrainRuntime>());
        services.AddSingleton<IClusterClient>(provider => provider.GetRequiredService<Silo>().Factory);
        services.AddSingleton<IGrainFactory>(provider => provider.GetRequiredService<Silo>().Factory);
        services.AddTransient<IGrainContext>(_ => RuntimeContext.Current!);
        services.AddHostedService<SiloService>();
        return builder;
    }
}

/// <summary>An assembly to look for grain classes in; if none is registered, every loaded one that knows this runtime.</summary>
/// <param name="Assembly">The assembly.</param>
public sealed record GrainAssembly(Assembly Assembly);

internal static class GrainAssemblies
{
    /// <summary>The registered ones, else all that the entry assembly reaches and that refer to this runtime.</summary>
    public static IReadOnlyList<Assembly> Find(IEnumerable<GrainAssembly> registered)
    {
        List<Assembly> chosen = [.. registered.Select(part => part.Assembly)];
        if (chosen.Count > 0)
            return chosen;
        var runtime = typeof(Grain).Assembly.GetName().Name;
        var seen = new Dictionary<string, Assembly>(StringComparer.Ordinal);
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies().Where(assembly => !assembly.IsDynamic))
            seen.TryAdd(assembly.GetName().Name!, assembly);
        var queue = new Queue<Assembly>(seen.Values);
        while (queue.TryDequeue(out var assembly))
        {
            foreach (var name in assembly.GetReferencedAssemblies().Where(name => !seen.ContainsKey(name.Name!) && !IsPlatform(name.Name!)))
            {
                if (Load(name) is not { } referenced)
                    continue;
                seen[name.Name!] = referenced;
                queue.Enqueue(referenced);
            }
        }
        return [.. seen.Values.Where(assembly => assembly.GetReferencedAssemblies().Any(name => name.Name == runtime))
            .OrderBy(assembly => assembly.FullName, StringComparer.Ordinal)];
    }

    private static bool IsPlatform(string name) => name.StartsWith("System", StringComparison.Ordinal)
        || name.StartsWith("Microsoft", StringComparison.Ordinal) || name == "netstandard" || name == "mscorlib";

    private static Assembly? Load(AssemblyName name)
    {
        try
        {
            return Assembly.Load(name);
        }
        catch (Exception failure) when (failure is FileNotFoundException or FileLoadException or BadImageFormatException)
        {
            return null;
        }
    }
}
