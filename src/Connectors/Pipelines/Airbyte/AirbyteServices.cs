using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Sophia.Pipelines;

public static class AirbyteServices
{
    /// <summary>Adds sources of type <c>airbyte</c>.</summary>
    public static IServiceCollection AddAirbyteSource(this IServiceCollection services, Action<AirbyteOptions>? configure = null)
    {
        services.AddOptions<AirbyteOptions>().Validate(options => options.IsInRange, "AirbyteOptions: a limit is out of its range.").ValidateOnStart();
        if (configure is not null)
            services.Configure(configure);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<AirbyteSourceKind>();
        services.AddSingleton<ISourceKind>(provider => provider.GetRequiredService<AirbyteSourceKind>());
        return services;
    }
}
