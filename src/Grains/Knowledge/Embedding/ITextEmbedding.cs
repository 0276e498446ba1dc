using Microsoft.Extensions.AI;
using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>A silo's way from texts to vectors.</summary>
internal interface ITextEmbedding
{
    /// <summary>One vector for each text, in order.</summary>
    /// <exception cref="Operations.RefusedException">Busy: too many texts wait, or the model does not answer. Invalid: the model wants none of some texts; Errors name them.</exception>
    Task<EmbeddedTexts> Embed(TenantId tenant, IReadOnlyList<string> texts, CancellationToken cancellation);
}

/// <summary>An embedder of this process, which gains nothing from waiting for more texts.</summary>
internal sealed class LocalEmbedding(IEmbeddingGenerator<string, Embedding<float>> embedder, EmbedderId id, IBulkheads? bulkheads = null) : ITextEmbedding
{
    /// <summary>Texts of one slice: between slices other calls of the tenant get their turn.</summary>
    private const int Slice = 32;

    public async Task<EmbeddedTexts> Embed(TenantId tenant, IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        var vectors = new List<ReadOnlyMemory<float>>(texts.Count);
        foreach (var slice in texts.Chunk(Slice))
        {
            // A single text is a question's and soon done; a search gives its embedder only so long, which is not to be spent in a line.
            using (bulkheads is null || texts.Count == 1 ? default : await bulkheads.Enter(tenant, BulkheadKind.Work, cancellation))
                vectors.AddRange((await embedder.GenerateAsync(slice, cancellationToken: cancellation)).Select(made => made.Vector));
            await Task.Yield();
        }
        return new EmbeddedTexts(id, vectors);
    }
}
