using Microsoft.Extensions.AI;
using Microsoft.Extensions.ObjectPool;

namespace Sophia.Knowledge;

/// <summary>The built-in embedder, which needs no model: see <see cref="HashedWords"/>.</summary>
internal sealed class HashedEmbedder : IEmbeddingGenerator<string, Embedding<float>>
{
    public static readonly EmbedderId Id = new("sophia-hashed", HashedWords.Version, HashedWords.Dimensions);

    private readonly ObjectPool<HashedWords> pool = ObjectPool.Create<HashedWords>();

    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        var hashed = pool.Get();
        try
        {
            var made = new GeneratedEmbeddings<Embedding<float>>();
            foreach (var text in values)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var vector = new float[HashedWords.Dimensions];
                hashed.Write(text, vector);
                made.Add(new Embedding<float>(vector) { ModelId = Id.Model });
            }
            return Task.FromResult(made);
        }
        finally
        {
            pool.Return(hashed);
        }
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
