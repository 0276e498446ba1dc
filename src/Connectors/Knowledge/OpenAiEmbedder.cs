using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Sophia.Resilience;

namespace Sophia.Knowledge;

/// <summary>An embedding model behind one endpoint, or behind two of which the second is asked where the first does not answer.</summary>
/// <remarks>Both must give vectors of one length. The first answer says which, unless the options do; an endpoint that gives another one is not used:
/// its vectors would lie in the same index and mean nothing there.</remarks>
internal sealed partial class OpenAiEmbedder : IEmbeddingGenerator<string, Embedding<float>>
{
    /// <summary>What the policies and the breakers of its endpoints are called.</summary>
    public const string Dependency = PolicyNames.Embedding, SecondDependency = PolicyNames.SecondEmbedding;

    private readonly EmbeddingModelOptions options;
    private readonly ILogger logger;
    private readonly EmbeddingClient primary;
    private readonly EmbeddingClient? secondary;
    private int dimensions;

    public OpenAiEmbedder(EmbeddingModelOptions options, TimeProvider time, IPolicies policies, ILogger<OpenAiEmbedder> logger)
    {
        (this.options, this.logger, dimensions) = (options, logger, options.Dimensions ?? 0);
        var first = policies.OfInstallation(Dependency);
        primary = new EmbeddingClient(options.Primary, options, time, first, logger);
        secondary = options.Secondary is { } second && first.Fallback == PolicyFallback.Secondary ? new EmbeddingClient(second, options, time, policies.OfInstallation(SecondDependency), logger) : null;
    }

    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        var texts = values as IReadOnlyList<string> ?? [.. values];
        try
        {
            return Made(await Embed(primary, texts, cancellationToken));
        }
        catch (EmbedderException failure) when (secondary is not null && !failure.IsOfTheTexts)
        {
            LogSecondary(logger, this.options.Model, primary.Host, failure.Message, secondary.Host);
            return Made(await Second(secondary, texts, failure, cancellationToken));
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => serviceKey is not null ? null
        : serviceType == typeof(EmbeddingGeneratorMetadata) ? new EmbeddingGeneratorMetadata("openai", options.Primary.Url, options.Model, Volatile.Read(ref dimensions) is > 0 and var known ? known : null)
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose()
    {
        primary.Dispose();
        secondary?.Dispose();
    }

    private async Task<float[][]> Second(EmbeddingClient second, IReadOnlyList<string> texts, EmbedderException first, CancellationToken cancellation)
    {
        try
        {
            return await Embed(second, texts, cancellation);
        }
        catch (EmbedderException failure)
        {
            throw new EmbedderException($"{first.Message}; of the secondary: {failure.Message}", failure.IsOfTheTexts, failure);
        }
    }

    private async Task<float[][]> Embed(EmbeddingClient client, IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        var vectors = await client.Embed(texts, Volatile.Read(ref dimensions), cancellation);
        var known = Interlocked.CompareExchange(ref dimensions, vectors[0].Length, 0);
        return known == 0 || known == vectors[0].Length ? vectors
            : throw new EmbedderException($"{client.Host} gives vectors of {vectors[0].Length} numbers, and those of {options.Model} have {known}", isOfTheTexts: false);
    }

    private GeneratedEmbeddings<Embedding<float>> Made(float[][] vectors) => [.. vectors.Select(vector => new Embedding<float>(vector) { ModelId = options.Model })];

    [LoggerMessage(3302, LogLevel.Warning, "{Model} at {Host} makes no vectors ({Why}); {Secondary} is asked")]
    private static partial void LogSecondary(ILogger logger, string model, string host, string why, string secondary);
}
