using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Sophia.Log;

/// <summary>Puts the reading of records together.</summary>
public static class LogServices
{
    public static IServiceCollection AddSophiaLog(this IServiceCollection services)
    {
        services.TryAddSingleton<IRecordExplainer, LogExplainer>();
        return services;
    }
}
