namespace Sophia.Knowledge;

/// <summary>Turns a tenant's texts into vectors, on a silo that has what the model needs. The key is "tenant/embedding". Nothing here changes state.</summary>
[Alias("Sophia.IEmbeddingGrain")]
public interface IEmbeddingGrain : IGrainWithStringKey
{
    /// <summary>One vector for each text, in order.</summary>
    /// <exception cref="Operations.RefusedException">Invalid: no text, more than <see cref="EmbeddedTexts.MaxTexts"/>, or texts that the model wants none of (Errors: "text 3: reason"). Busy: too many texts wait already, or the model does not answer. Unavailable: no silo that may embed is there.</exception>
    /// <remarks>Calls of one tenant interleave: a question does not wait for the many texts of an index.</remarks>
    [Alias("Embed"), Repeatable, Resilience.EndsAtDeadline]
    Task<EmbeddedTexts> Embed(IReadOnlyList<string> texts, CancellationToken cancellation);
}

/// <summary>Who made a vector. Vectors of two embedders cannot be compared.</summary>
/// <param name="Model">As the model calls itself.</param>
/// <param name="Version">Of the text preparation and of the built-in embedder; rises when the same text gets another vector.</param>
[GenerateSerializer, Immutable, Alias("Sophia.EmbedderId")]
public sealed record EmbedderId([property: Id(0)] string Model, [property: Id(1)] int Version, [property: Id(2)] int Dimensions);

/// <summary>Vectors of length 1, in the order of the texts.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.EmbeddedTexts")]
public sealed record EmbeddedTexts([property: Id(0)] EmbedderId Embedder, [property: Id(1)] IReadOnlyList<ReadOnlyMemory<float>> Vectors)
{
    /// <summary>Texts of one call.</summary>
    public const int MaxTexts = 1_024;
}
