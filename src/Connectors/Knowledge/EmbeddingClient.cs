using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sophia.Resilience;

namespace Sophia.Knowledge;

/// <summary>One OpenAI-compatible endpoint ("/v1/embeddings": TEI, vLLM and others), with timeouts and repetitions.</summary>
internal sealed partial class EmbeddingClient : IDisposable
{
    /// <summary>The most bytes of an answer for each number of a vector: a long decimal fraction with its comma has 26, base64 has 6.</summary>
    private const int MostBytesOfNumber = 32;

    /// <summary>The most bytes beside a vector's numbers, of each text.</summary>
    private const int MostBytesBesideNumbers = 1_024;

    /// <summary>The most bytes beside the vectors.</summary>
    private const int MostBytesBesideVectors = 64 * 1024;

    private readonly EmbeddingModelOptions options;
    private readonly ModelEndpoint endpoint;

    public EmbeddingClient(EmbeddingEndpoint at, EmbeddingModelOptions options, TimeProvider time, IPolicy policy, ILogger logger)
    {
        (this.options, Host) = (options, at.Url.Host);
        endpoint = new ModelEndpoint(at.Embeddings, at.Key, policy, time, (failure, attempt) => LogRepeated(logger, options.Model, Host, Told(failure), attempt));
    }

    public string Host { get; }

    /// <summary>The most that is read of one answer, in bytes: what vectors of that length can take, written as long as they can be. Where the length is not known yet it is the longest that is accepted.</summary>
    public static long MostBytes(int texts, int dimensions) =>
        MostBytesBesideVectors + (long)texts * (MostBytesBesideNumbers + (long)(dimensions > 0 ? dimensions : EmbeddingModelOptions.MostDimensions) * MostBytesOfNumber);

    /// <summary>One vector of length 1 for each text.</summary>
    /// <param name="dimensions">The length that vectors of the model are known to have; 0: it is not known.</param>
    /// <exception cref="EmbedderException">The endpoint gave none.</exception>
    public async Task<float[][]> Embed(IReadOnlyList<string> texts, int dimensions, CancellationToken cancellation)
    {
        try
        {
            return await endpoint.Post(
                () => JsonContent.Create(new EmbeddingRequest(options.Model, texts, "base64"), EmbeddingJson.Default.EmbeddingRequest),
                (response, token) => Read(response, texts.Count, MostBytes(texts.Count, dimensions), token), discard: null, cancellation);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested && failure is not EmbedderException && Told(failure) is { Length: > 0 } why)
        {
            throw new EmbedderException(why, failure is EndpointFailure { IsOfTheRequest: true }, failure);
        }
    }

    public void Dispose() => endpoint.Dispose();

    private async Task<float[][]> Read(HttpResponseMessage response, int texts, long most, CancellationToken cancellation)
    {
        using var read = response;
        try
        {
            await response.Content.LoadIntoBufferAsync(most, cancellation);
        }
        catch (HttpRequestException tooMuch) when (tooMuch.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new EmbedderException($"it sent more than {most} bytes, more than {texts} of its vectors can take", isOfTheTexts: false, tooMuch);
        }
        var answer = await JsonSerializer.DeserializeAsync(await response.Content.ReadAsStreamAsync(cancellation), EmbeddingJson.Default.EmbeddingAnswer, cancellation); // JSON is UTF-8, whatever a header says.
        if (answer?.Model is { } served && !IsModel(served))
            throw new EmbedderException($"it serves {served}, not {options.Model}", isOfTheTexts: false);
        return VectorCheck.Vectors(answer, texts);
    }

    // Servers name a model by its path or by an alias of its last part, with or without a revision; another name altogether is another model.
    private bool IsModel(string served) => Last(served).Contains(Last(options.Model), StringComparison.OrdinalIgnoreCase) || Last(options.Model).Contains(Last(served), StringComparison.OrdinalIgnoreCase);

    private static string Last(string model) => model[(model.TrimEnd('/').LastIndexOf('/') + 1)..].TrimEnd('/');

    private string Told(Exception failure) => ModelEndpoint.Told(failure, Host, $"{Host} gave no answer");

    [LoggerMessage(3301, LogLevel.Warning, "{Model} at {Host} made no vectors ({Why}); attempt {Attempt} follows")]
    private static partial void LogRepeated(ILogger logger, string model, string host, string why, int attempt);
}
