using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Puts embedding together: the built-in embedder unless another one is registered, and for that one the gathering of texts and the remembering of vectors.</summary>
internal static class EmbeddingServices
{
    public static IServiceCollection AddSophiaEmbedding(this IServiceCollection services)
    {
        services.AddSingleton<WordPool<HashedWords>>().AddSingleton<ITenantCopies>(provider => provider.GetRequiredService<WordPool<HashedWords>>());
        services.TryAddSingleton<IEmbeddingGenerator<string, Embedding<float>>, HashedEmbedder>();
        services.AddOptions<MicroBatchingOptions>().ValidateOnStart();
        services.AddSingleton<IValidateOptions<MicroBatchingOptions>, MicroBatchingRange>();
        services.AddSingleton<MicroBatcher>();
        services.AddHostedService(provider => provider.GetRequiredService<MicroBatcher>());
        return services.AddSingleton<ITextEmbedding>(provider => provider.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>() is HashedEmbedder hashed
            ? new LocalEmbedding(hashed, HashedEmbedder.Id, provider.GetService<Sophia.Resilience.IBulkheads>())
            : ActivatorUtilities.CreateInstance<RememberedEmbedding>(provider, provider.GetRequiredService<MicroBatcher>()));
    }

    private sealed class MicroBatchingRange : IValidateOptions<MicroBatchingOptions>
    {
        public ValidateOptionsResult Validate(string? name, MicroBatchingOptions options)
        {
            try
            {
                options.Validate();
                return ValidateOptionsResult.Success;
            }
            catch (ArgumentOutOfRangeException wrong)
            {
                return ValidateOptionsResult.Fail(wrong.Message);
            }
        }
    }
}
