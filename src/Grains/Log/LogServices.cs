using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Sophia.Operations;

namespace Sophia.Log;

/// <summary>Puts the reading of records together.</summary>
public static class LogServices
{
    public static IServiceCollection AddSophiaLog(this IServiceCollection services, Action<RetentionOptions>? retention = null)
    {
        services.AddOptions<RetentionOptions>().Configure(retention ?? (_ => { })).Validate(options => options.IsInRange, "RetentionOptions: a limit is out of its range.").ValidateOnStart();
        services.AddSophiaPlacement();
        services.TryAddSingleton<IRecordExplainer, LogExplainer>();
        services.TryAddSingleton<IRecordMarks, RecordMarks>();
        return services;
    }
}
