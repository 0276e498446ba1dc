using Microsoft.Extensions.AI;
using Sophia.Operations;

namespace Sophia.Knowledge;

/// <summary>Makes a tenant's vectors; the key is "tenant/embedding". It keeps nothing.</summary>
internal sealed class EmbeddingGrain(IEmbeddingGenerator<string, Embedding<float>> embedder) : Grain, IEmbeddingGrain
{
    /// <summary>Texts of one slice: between slices other calls of the tenant get their turn.</summary>
    private const int Slice = 64;

    public async Task<EmbeddedTexts> Embed(IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        if (texts is not { Count: >= 1 and <= EmbeddedTexts.MaxTexts } || texts.Any(text => text is null))
            throw new RefusedException(RefusalCode.Invalid, $"A call embeds 1 to {EmbeddedTexts.MaxTexts} texts.");
        var vectors = new List<ReadOnlyMemory<float>>(texts.Count);
        foreach (var slice in texts.Chunk(Slice))
        {
            vectors.AddRange((await embedder.GenerateAsync(slice, cancellationToken: cancellation)).Select(made => made.Vector));
            await Task.Yield();
        }
        return new EmbeddedTexts((EmbedderId)embedder.GetService(typeof(EmbedderId))!, vectors);
    }
}
