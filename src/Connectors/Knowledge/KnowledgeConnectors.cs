using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Sophia.Resilience;

namespace Sophia.Knowledge;

/// <summary>The models that make vectors.</summary>
public static class KnowledgeConnectors
{
    /// <summary>Adds the embedding model that the environment names (SOPHIA_EMBEDDING_URL, _MODEL, _KEY, …); without one the built-in embedder is used. To be called before AddSophiaKnowledge.</summary>
    /// <exception cref="FormatException">The environment names a model, but not well enough.</exception>
    public static IServiceCollection AddEmbeddingModel(this IServiceCollection services, Func<string, string?>? variable = null)
    {
        if (EmbeddingModelOptions.FromEnvironment(variable ?? Environment.GetEnvironmentVariable) is not { } options)
            return services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(_ => new Random());
        services.AddPolicies();
        return services.AddSingleton(options).AddSingleton<IEmbeddingGenerator<string, Embedding<float>>, OpenAiEmbedder>();
    }
}
