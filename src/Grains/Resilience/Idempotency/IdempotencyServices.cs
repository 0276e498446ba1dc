using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Sophia.Resilience;

/// <summary>Puts idempotency together.</summary>
public static class IdempotencyServices
{
    /// <summary>Whoever does work once, in silos and front ends alike.</summary>
    /// <param name="newHolder">Makes a text that no other asking has.</param>
    public static IServiceCollection AddIdempotent(this IServiceCollection services, Func<string> newHolder) => services.AddSingleton<IIdempotent>(provider => new Idempotent(
        provider.GetRequiredService<IGrainFactory>(), newHolder, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<Idempotent>>()));

    /// <summary>What remembers keys, for silos.</summary>
    public static IServiceCollection AddIdempotency(this IServiceCollection services, Action<IdempotencyOptions>? configure = null)
    {
        services.AddOptions<IdempotencyOptions>().Configure(configure ?? (_ => { })).Validate(options => options.IsInRange, "IdempotencyOptions: a limit is out of its range.").ValidateOnStart();
        services.AddSingleton<IdempotencySweeper>();
        services.AddHostedService(provider => provider.GetRequiredService<IdempotencySweeper>());
        return services;
    }
}
