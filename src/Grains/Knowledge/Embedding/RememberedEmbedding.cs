using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Asks a model for the vector of a text once, and remembers it for the tenant who asked: passages that are indexed again, and questions that are asked again, cost no request.</summary>
/// <remarks>
/// A key holds the tenant, who embeds (model, version, dimension), the text, and where it is cut. Who embeds is asked of the model before the first text and learned from
/// every answer; where an answer says somebody else, all texts of the call are asked for under the new name, since vectors of two embedders cannot be compared.
/// <see cref="EmbeddedText.Harmless"/> asks whether the model is there, and is always put to it.
/// </remarks>
internal sealed class RememberedEmbedding(ITextEmbedding model, KnowledgeCache cache, IOptions<MicroBatchingOptions> options) : ITextEmbedding
{
    private volatile EmbedderId? embedder;

    public async Task<EmbeddedTexts> Embed(TenantId tenant, IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        if (cache.IsOn(CacheOptions.TextVectors) && texts is not [EmbeddedText.Harmless])
        {
            var before = embedder ?? (await Ask(tenant, [EmbeddedText.Harmless], cancellation)).Embedder;
            if (await Remembered(before, tenant, texts, cancellation) is { } vectors)
                return new EmbeddedTexts(before, vectors);
        }
        return await Ask(tenant, texts, cancellation);
    }

    /// <summary>Null where not this embedder answers any more, or it refused texts that are not all of the call's: reasons number the texts as the caller has them.</summary>
    private async Task<ReadOnlyMemory<float>[]?> Remembered(EmbedderId by, TenantId tenant, IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        var found = await cache.GetMany([.. texts.Select(text => KeyOf(by, tenant, text))], new VectorFormat(by.Dimensions), Load, cancellation);
        return found is null ? null : Array.ConvertAll(found, vector => new ReadOnlyMemory<float>(vector));

        async Task<IReadOnlyList<float[]>?> Load(IReadOnlyList<int> lacking, CancellationToken loading)
        {
            try
            {
                var made = await Ask(tenant, [.. lacking.Select(place => texts[place])], loading);
                return made.Embedder == by ? [.. made.Vectors.Select(vector => vector.ToArray())] : null;
            }
            catch (RefusedException refused) when (refused.Code == RefusalCode.Invalid && lacking.Count < texts.Count)
            {
                return null;
            }
        }
    }

    private async Task<EmbeddedTexts> Ask(TenantId tenant, IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        var made = await model.Embed(tenant, texts, cancellation);
        embedder = made.Embedder;
        return made;
    }

    private CacheKey KeyOf(EmbedderId by, TenantId tenant, string text) => CacheKey.Of(CacheOptions.TextVectors, tenant, by.Model, Number(by.Version), Number(by.Dimensions), Number(options.Value.MaxTextCharacters), text);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A vector as the little-endian bytes of its floats.</summary>
internal sealed class VectorFormat(int dimensions) : CacheFormat<float[]>
{
    public override byte[] Write(float[] value) => MemoryMarshal.AsBytes<float>(value).ToArray();

    public override float[] Read(ReadOnlySpan<byte> bytes) =>
        bytes.Length == dimensions * sizeof(float) ? MemoryMarshal.Cast<byte, float>(bytes).ToArray() : throw new InvalidDataException($"{bytes.Length} bytes are no vector of {dimensions} numbers.");

    public override long Weigh(float[] value) => sizeof(float) * value.Length;
}
