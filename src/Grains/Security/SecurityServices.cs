using Microsoft.Extensions.DependencyInjection;

namespace Sophia.Security;

/// <summary>What the grains of security go by.</summary>
public static class SecurityServices
{
    public static IServiceCollection AddSignInThrottle(this IServiceCollection services, SignInThrottleOptions? options = null)
    {
        services.AddOptions<SignInThrottleOptions>().Validate(static throttle => throttle.IsInRange, "SignInThrottleOptions: a limit is out of its range.").ValidateOnStart();
        if (options is not null)
            services.AddSingleton(Microsoft.Extensions.Options.Options.Create(options));
        return services;
    }
}
