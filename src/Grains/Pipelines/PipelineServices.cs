using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Puts pipelines together. Sources, the store and the secrets are added by the rooms that have them.</summary>
public static class PipelineServices
{
    public static IServiceCollection AddSophiaPipelines(this IServiceCollection services, Action<PipelineOptions>? configure = null)
    {
        services.AddOptions<PipelineOptions>().Configure(configure ?? (_ => { }))
            .Validate(options => options.IsInRange, "PipelineOptions: a limit is out of its range.").ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IBatchJudges, RulelessJudges>();
        services.TryAddSingleton<IConnectorMemory, ConnectorMemory>();
        services.AddTenantGate();
        services.AddHostedService<PipelineSweeper>();
        return services;
    }
}
