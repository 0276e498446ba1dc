using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Turns texts of one tenant into vectors.</summary>
public interface ITextEmbedder
{
    /// <inheritdoc cref="IEmbeddingGrain.Embed"/>
    Task<EmbeddedTexts> Embed(IReadOnlyList<string> texts, CancellationToken cancellation);
}

/// <summary>The tenant's own embedding grain.</summary>
public sealed class GrainEmbedder(TenantId tenant, IGrainFactory grains) : ITextEmbedder
{
    private const string Name = "embedding";

    public async Task<EmbeddedTexts> Embed(IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        using (CallerContext.For(tenant))
            return await grains.GetGrain<IEmbeddingGrain>(TenantKey.Of(tenant, Name)).Embed(texts, cancellation);
    }
}
