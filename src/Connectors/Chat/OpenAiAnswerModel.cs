using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Sophia.Chat;

/// <summary>Any OpenAI-compatible endpoint, streamed. Before the first word a request is repeated; after it nothing is, because somebody has read it.</summary>
internal sealed partial class OpenAiAnswerModel : IAnswerModel, IDisposable
{
    private readonly AnswerModelOptions options;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly HttpClient http;
    private readonly ResiliencePipeline<OpenedAnswer> untilFirstWord;

    public OpenAiAnswerModel(AnswerModelOptions options, TimeProvider time, Random random, ILogger<OpenAiAnswerModel> logger)
    {
        (this.options, this.time, this.logger) = (options, time, logger);
        // A redirect could carry the key to a stranger.
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = Timeout.InfiniteTimeSpan };
        var retry = new ResiliencePipelineBuilder<OpenedAnswer> { TimeProvider = time };
        if (options.Retries > 0)
            retry.AddRetry(new RetryStrategyOptions<OpenedAnswer>
            {
                MaxRetryAttempts = options.Retries,
                BackoffType = DelayBackoffType.Exponential,
                Delay = options.RetryAfter,
                UseJitter = true,
                Randomizer = random.NextDouble,
                ShouldHandle = args => ValueTask.FromResult(MayRepeat(args.Outcome.Exception)),
                DelayGenerator = args => ValueTask.FromResult((args.Outcome.Exception as EndpointException)?.RetryAfter),
                OnRetry = args =>
                {
                    LogRepeated(logger, options.Name, options.Url.Host, args.AttemptNumber + 1, Told(args.Outcome.Exception!));
                    return default;
                },
            });
        untilFirstWord = retry.AddTimeout(new TimeoutStrategyOptions { Timeout = options.FirstWordWithin }).Build();
    }

    public string Name => options.Name;

    public async IAsyncEnumerable<string> Answer(AnswerPrompt prompt, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var opened = await Told(() => untilFirstWord.ExecuteAsync(token => new ValueTask<OpenedAnswer>(Open(prompt, token)), cancellation).AsTask(), cancellation);
        for (var piece = opened.First; piece is not null; piece = await Told(() => Next(opened, cancellation), cancellation))
            if (piece.Length > 0)
                yield return piece;
    }

    public void Dispose() => http.Dispose();

    private async Task<OpenedAnswer> Open(AnswerPrompt prompt, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, options.Completions)
        {
            Content = JsonContent.Create(
                new CompletionRequest(options.Name, PromptWriter.Messages(prompt, options.PassageLength), true, options.MaxTokens, 0), CompletionJson.Default.CompletionRequest),
        };
        if (options.Key is { } key)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        var opened = new OpenedAnswer(response);
        try
        {
            if (response.StatusCode != HttpStatusCode.OK)
                throw new EndpointException(response.StatusCode, RetryAfter(response));
            await opened.Begin(cancellation);
            return opened;
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    private async Task<string?> Next(OpenedAnswer opened, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(options.NextWordWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            return await opened.Next(either.Token);
        }
        catch (OperationCanceledException e) when (patience.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new AnswerModelException($"it said nothing for {options.NextWordWithin.TotalSeconds:0.#} seconds", e);
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - time.GetUtcNow() is var wait && wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
        _ => null,
    };

    private bool MayRepeat(Exception? failure) => failure switch
    {
        EndpointException { Status: HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError } endpoint =>
            !(endpoint.RetryAfter > options.LongestRetryAfter),
        HttpRequestException or IOException or TimeoutRejectedException => true,
        _ => false,
    };

    /// <summary>Whatever the world does, the caller sees one kind of failure whose text can be shown.</summary>
    private async Task<T> Told<T>(Func<Task<T>> step, CancellationToken cancellation)
    {
        try
        {
            return await step();
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is not AnswerModelException && Told(e) is { Length: > 0 } why)
        {
            LogFailed(logger, options.Name, options.Url.Host, why);
            throw new AnswerModelException(why, e);
        }
    }

    private string Told(Exception e) => e switch
    {
        EndpointException endpoint => $"its endpoint answered {(int)endpoint.Status}",
        TimeoutRejectedException => $"no first word within {options.FirstWordWithin.TotalSeconds:0.#} seconds",
        HttpRequestException or IOException => "its endpoint cannot be reached or broke the connection",
        JsonException => "its endpoint sent something that is no answer",
        AnswerModelException known => known.Message,
        _ => "",
    };

    private sealed class EndpointException(HttpStatusCode status, TimeSpan? retryAfter) : Exception($"HTTP {(int)status}")
    {
        public HttpStatusCode Status => status;

        public TimeSpan? RetryAfter => retryAfter;
    }

    [LoggerMessage(7101, LogLevel.Warning, "{Model} at {Host} did not answer ({Why}); attempt {Attempt} follows")]
    private static partial void LogRepeated(ILogger logger, string model, string host, int attempt, string why);

    [LoggerMessage(7102, LogLevel.Warning, "{Model} at {Host} failed: {Why}")]
    private static partial void LogFailed(ILogger logger, string model, string host, string why);
}
