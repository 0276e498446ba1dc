using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sophia.Knowledge;

internal sealed record EmbeddingRequest(string Model, IReadOnlyList<string> Input, string EncodingFormat);

internal sealed record EmbeddingAnswer(string? Model, IReadOnlyList<EmbeddingItem?>? Data);

/// <summary>One vector: numbers, or the little-endian bytes of floats as base64, as the endpoint likes.</summary>
internal sealed record EmbeddingItem(int? Index, JsonElement Embedding)
{
    /// <exception cref="JsonException">It is neither.</exception>
    public float[] Vector() => Embedding.ValueKind switch
    {
        JsonValueKind.Array => Numbers(),
        JsonValueKind.String when Embedding.TryGetBytesFromBase64(out var bytes) && bytes.Length % sizeof(float) == 0 => Floats(bytes),
        _ => throw new JsonException("An embedding is neither numbers nor base64 of floats."),
    };

    private float[] Numbers()
    {
        var (vector, place) = (new float[Embedding.GetArrayLength()], 0);
        foreach (var number in Embedding.EnumerateArray())
            vector[place++] = number.ValueKind == JsonValueKind.Number && number.TryGetSingle(out var value) ? value : throw new JsonException("An embedding holds what is no number.");
        return vector;
    }

    private static float[] Floats(byte[] bytes)
    {
        var vector = new float[bytes.Length / sizeof(float)];
        for (var place = 0; place < vector.Length; place++)
            vector[place] = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(place * sizeof(float)));
        return vector;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(EmbeddingRequest))]
[JsonSerializable(typeof(EmbeddingAnswer))]
internal sealed partial class EmbeddingJson : JsonSerializerContext;
