using Sophia.Knowledge;

namespace Sophia.Bench;

/// <summary>The built-in embedder without a grain around it.</summary>
internal sealed class DirectEmbedder : ITextEmbedder
{
    private readonly HashedEmbedder hashed = new();

    public async Task<EmbeddedTexts> Embed(IReadOnlyList<string> texts, CancellationToken cancellation) =>
        new(HashedEmbedder.Id, [.. (await hashed.GenerateAsync(texts, null, cancellation)).Select(made => made.Vector)]);
}
