using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>The grain that makes vectors, in a silo.</summary>
public sealed class EmbeddingGrainTests
{
    [Fact]
    public async Task Without_a_model_the_built_in_embedder_answers_in_the_order_of_the_texts()
    {
        await using var host = await PipelineHost.Start();
        using var _ = CallerContext.For(PipelineWorld.Tenant);
        var texts = Enumerable.Range(0, EmbeddedTexts.MaxTexts).Select(i => $"text number {i}").ToList();
        var made = await Embedding(host).Embed(texts, default);
        Assert.Equal(HashedEmbedder.Id, made.Embedder);
        var expected = new float[HashedWords.Dimensions];
        var hashed = new HashedWords();
        foreach (var (text, vector) in texts.Zip(made.Vectors))
        {
            hashed.Write(text, expected);
            Assert.Equal(expected, vector.ToArray());
        }
    }

    [Fact]
    public async Task No_text_and_too_many_texts_are_refused()
    {
        await using var host = await PipelineHost.Start();
        using var _ = CallerContext.For(PipelineWorld.Tenant);
        foreach (var texts in new List<string>[] { [], Enumerable.Repeat("x", EmbeddedTexts.MaxTexts + 1).ToList() })
            Assert.Equal(RefusalCode.Invalid, (await Assert.ThrowsAsync<RefusedException>(() => Embedding(host).Embed(texts, default))).Code);
    }

    private static IEmbeddingGrain Embedding(PipelineHost host) => host.Grains.GetGrain<IEmbeddingGrain>(TenantKey.Of(PipelineWorld.Tenant, "embedding"));
}
