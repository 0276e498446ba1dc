using System.Globalization;

namespace Sophia.Knowledge;

/// <summary>Where an embedding model is reached: one endpoint, or two of the same model. Nothing here is ever logged but the model's name and the hosts.</summary>
public sealed record EmbeddingModelOptions
{
    public const string UrlVariable = "SOPHIA_EMBEDDING_URL";
    public const string ModelVariable = "SOPHIA_EMBEDDING_MODEL";
    public const string KeyVariable = "SOPHIA_EMBEDDING_KEY";
    public const string DimensionsVariable = "SOPHIA_EMBEDDING_DIMENSIONS";
    public const string SecondaryUrlVariable = "SOPHIA_EMBEDDING_SECONDARY_URL";
    public const string SecondaryKeyVariable = "SOPHIA_EMBEDDING_SECONDARY_KEY";

    /// <summary>The longest vector that is accepted.</summary>
    public const int MostDimensions = 16_384;

    /// <summary>Asked first.</summary>
    public required EmbeddingEndpoint Primary { get; init; }

    /// <summary>Asked where the primary does not answer; null: none. It must serve the same model: other vectors cannot be compared.</summary>
    public EmbeddingEndpoint? Secondary { get; init; }

    /// <summary>The model's name as the endpoints know it.</summary>
    public required string Model { get; init; }

    /// <summary>The length of its vectors, 2 to 16,384; null: as the first answer has it.</summary>
    public int? Dimensions { get; init; }

    /// <summary>Reads the environment; null where no model is configured.</summary>
    /// <exception cref="FormatException">An address, the name or the dimension is missing or makes no sense.</exception>
    public static EmbeddingModelOptions? FromEnvironment(Func<string, string?> variable)
    {
        if (Value(UrlVariable) is not { } url)
            return Value(SecondaryUrlVariable) is null ? null : throw new FormatException($"{SecondaryUrlVariable} is given without {UrlVariable}: set {UrlVariable} (the endpoint asked first) and {ModelVariable} (the model of both), or unset {SecondaryUrlVariable}.");
        return new EmbeddingModelOptions
        {
            Primary = Endpoint(UrlVariable, url, Value(KeyVariable)),
            Secondary = Value(SecondaryUrlVariable) is { } secondary ? Endpoint(SecondaryUrlVariable, secondary, Value(SecondaryKeyVariable)) : null,
            Model = Value(ModelVariable) ?? throw new FormatException($"{ModelVariable} must say which model {UrlVariable} is asked for."),
            Dimensions = Value(DimensionsVariable) is not { } text ? null
                : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var length) && length is >= 2 and <= MostDimensions ? length
                : throw new FormatException($"{DimensionsVariable} is a number from 2 to {MostDimensions}."),
        };

        string? Value(string name) => variable(name) is { Length: > 0 } value ? value : null;
    }

    // A record prints its members: keys are not to be among them.
    public override string ToString() => $"{Model} at {Primary}{(Secondary is null ? "" : $" or {Secondary}")}";

    private static EmbeddingEndpoint Endpoint(string variable, string address, string? key) =>
        Uri.TryCreate(address, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? new EmbeddingEndpoint(url, key) : throw new FormatException($"{variable} is no http address.");
}

/// <summary>One endpoint.</summary>
/// <param name="Url">The base, such as http://localhost:8080/v1; "/embeddings" is added where it is missing.</param>
/// <param name="Key">Sent as a bearer token; null where the endpoint wants none.</param>
public sealed record EmbeddingEndpoint(Uri Url, string? Key)
{
    internal Uri Embeddings => Url.AbsolutePath.EndsWith("/embeddings", StringComparison.Ordinal) ? Url : new Uri(Url.AbsoluteUri.TrimEnd('/') + "/embeddings");

    public override string ToString() => Url.Host;
}
