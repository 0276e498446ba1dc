using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Sophia.Log;
using Sophia.Operations;

namespace Sophia.Knowledge;

/// <summary>Puts index and search together. It explains records further than the log does, so it is added before it.</summary>
public static class KnowledgeServices
{
    public static IServiceCollection AddSophiaKnowledge(this IServiceCollection services, Action<ProjectionOptions>? configure = null)
    {
        services.AddOptions<ProjectionOptions>().Configure(configure ?? (_ => { }))
            .Validate(options => options.IsInRange, "ProjectionOptions: a limit is out of its range.").ValidateOnStart();
        services.AddOptions<RankingOptions>();
        services.AddSophiaPlacement();
        services.AddSophiaEmbedding();
        services.AddKnowledgeCache();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ProjectionFeeds>();
        services.AddSingleton<VectorExplainer>();
        services.AddSingleton<LogExplainer>();
        services.AddSingleton<IRecordExplainer, IndexExplainer>();
        services.AddHostedService<IndexSweeper>();
        return services;
    }
}
