using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Sophia.Knowledge;

/// <summary>One OpenAI-compatible endpoint ("/v1/embeddings": TEI, vLLM and others), with timeouts and repetitions.</summary>
internal sealed partial class EmbeddingClient : IDisposable
{
    /// <summary>The most that is read of one answer, in bytes: 2,048 texts of 4,096 numbers as text.</summary>
    private const long MaxAnswer = 128 * 1024 * 1024;

    private readonly EmbeddingEndpoint endpoint;
    private readonly EmbeddingModelOptions options;
    private readonly TimeProvider time;
    private readonly HttpClient http;
    private readonly ResiliencePipeline pipeline;

    public EmbeddingClient(EmbeddingEndpoint endpoint, EmbeddingModelOptions options, TimeProvider time, Random random, ILogger logger)
    {
        (this.endpoint, this.options, this.time) = (endpoint, options, time);
        // A redirect could carry the key to a stranger.
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MaxAnswer,
        };
        var building = new ResiliencePipelineBuilder { TimeProvider = time };
        if (options.Retries > 0)
            building.AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = options.Retries,
                BackoffType = DelayBackoffType.Exponential,
                Delay = options.RetryAfter,
                UseJitter = true,
                Randomizer = random.NextDouble,
                ShouldHandle = args => ValueTask.FromResult(MayRepeat(args.Outcome.Exception)),
                DelayGenerator = args => ValueTask.FromResult((args.Outcome.Exception as EndpointFailure)?.RetryAfter),
                OnRetry = args =>
                {
                    LogRepeated(logger, options.Model, endpoint.Url.Host, Told(args.Outcome.Exception!), args.AttemptNumber + 1);
                    return default;
                },
            });
        pipeline = building.AddTimeout(new TimeoutStrategyOptions { Timeout = options.AnswerWithin }).Build();
    }

    public string Host => endpoint.Url.Host;

    /// <summary>One vector of length 1 for each text.</summary>
    /// <exception cref="EmbedderException">The endpoint gave none.</exception>
    public async Task<float[][]> Embed(IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        try
        {
            return await pipeline.ExecuteAsync(async token => await Ask(texts, token), cancellation);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested && failure is not EmbedderException && Told(failure) is { Length: > 0 } why)
        {
            throw new EmbedderException(why, failure is EndpointFailure { IsOfTheTexts: true }, failure);
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<float[][]> Ask(IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint.Embeddings)
        {
            Content = JsonContent.Create(new EmbeddingRequest(options.Model, texts, "base64"), EmbeddingJson.Default.EmbeddingRequest),
        };
        if (endpoint.Key is { } key)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await http.SendAsync(request, cancellation);
        if (response.StatusCode != HttpStatusCode.OK)
            throw new EndpointFailure(response.StatusCode, RetryAfter(response));
        var answer = await JsonSerializer.DeserializeAsync(await response.Content.ReadAsStreamAsync(cancellation), EmbeddingJson.Default.EmbeddingAnswer, cancellation); // JSON is UTF-8, whatever a header says.
        if (answer?.Model is { } served && !IsModel(served))
            throw new EmbedderException($"it serves {served}, not {options.Model}", isOfTheTexts: false);
        return VectorCheck.Vectors(answer, texts.Count);
    }

    // Servers name a model by its path or by an alias of its last part, with or without a revision; another name altogether is another model.
    private bool IsModel(string served) => Last(served).Contains(Last(options.Model), StringComparison.OrdinalIgnoreCase) || Last(options.Model).Contains(Last(served), StringComparison.OrdinalIgnoreCase);

    private static string Last(string model) => model[(model.TrimEnd('/').LastIndexOf('/') + 1)..].TrimEnd('/');

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - time.GetUtcNow() is var wait && wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
        _ => null,
    };

    private bool MayRepeat(Exception? failure) => failure switch
    {
        EndpointFailure { MayPass: true } endpointFailure => !(endpointFailure.RetryAfter > options.LongestRetryAfter),
        HttpRequestException or IOException or TimeoutRejectedException => true,
        _ => false,
    };

    private string Told(Exception failure) => failure switch
    {
        EndpointFailure answered => $"{Host} answered {(int)answered.Status}",
        TimeoutRejectedException => $"{Host} gave no answer within {options.AnswerWithin.TotalSeconds:0.#} seconds",
        HttpRequestException or IOException => $"{Host} cannot be reached or broke the connection",
        JsonException => $"{Host} sent something that is no answer",
        _ => "",
    };

    [LoggerMessage(3301, LogLevel.Warning, "{Model} at {Host} made no vectors ({Why}); attempt {Attempt} follows")]
    private static partial void LogRepeated(ILogger logger, string model, string host, string why, int attempt);
}
