using Microsoft.Extensions.AI;

namespace Sophia.Knowledge;

/// <summary>The built-in embedder, which needs no model: see <see cref="HashedWords"/>.</summary>
internal sealed class HashedEmbedder(WordPool<HashedWords>? pool = null) : IEmbeddingGenerator<string, Embedding<float>>
{
    public static readonly EmbedderId Id = new("sophia-hashed", HashedWords.Version, HashedWords.Dimensions);

    private readonly WordPool<HashedWords> pool = pool ?? new WordPool<HashedWords>();

    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        using var hashed = pool.Lend();
        var made = new GeneratedEmbeddings<Embedding<float>>();
        foreach (var text in values)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var vector = new float[HashedWords.Dimensions];
            hashed.One.Write(text, vector);
            made.Add(new Embedding<float>(vector) { ModelId = Id.Model });
        }
        return Task.FromResult(made);
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => serviceKey is not null ? null
        : serviceType == typeof(EmbedderId) ? Id
        : serviceType == typeof(EmbeddingGeneratorMetadata) ? new EmbeddingGeneratorMetadata("sophia", defaultModelId: Id.Model, defaultModelDimensions: Id.Dimensions)
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose()
    {
    }
}
