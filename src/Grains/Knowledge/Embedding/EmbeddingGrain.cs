using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Makes a tenant's vectors; the key is "tenant/embedding". It keeps nothing.</summary>
[Reentrant, InTenantPool, OnGpu]
internal sealed class EmbeddingGrain(ITextEmbedding embedding, GpuPlacement placement) : Grain, IEmbeddingGrain
{
    public Task<EmbeddedTexts> Embed(IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        if (texts is not { Count: >= 1 and <= EmbeddedTexts.MaxTexts } || texts.Any(text => text is null))
            throw new RefusedException(RefusalCode.Invalid, $"A call embeds 1 to {EmbeddedTexts.MaxTexts} texts.");
        if (placement.IsBetterElsewhere(this.GetGrainId()))
            MigrateOnIdle();
        return embedding.Embed(TenantKey.Parse(this.GetPrimaryKeyString()).Tenant, texts, cancellation);
    }
}
