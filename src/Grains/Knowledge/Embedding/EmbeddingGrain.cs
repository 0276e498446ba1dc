using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Makes a tenant's vectors; the key is "tenant/embedding". It keeps nothing.</summary>
internal sealed class EmbeddingGrain(ITextEmbedding embedding) : Grain, IEmbeddingGrain
{
    public Task<EmbeddedTexts> Embed(IReadOnlyList<string> texts, CancellationToken cancellation) =>
        texts is { Count: >= 1 and <= EmbeddedTexts.MaxTexts } && texts.All(text => text is not null)
            ? embedding.Embed(TenantKey.Parse(this.GetPrimaryKeyString()).Tenant, texts, cancellation)
            : throw new RefusedException(RefusalCode.Invalid, $"A call embeds 1 to {EmbeddedTexts.MaxTexts} texts.");
}
