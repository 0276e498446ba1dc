using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Sophia.Resilience;

/// <summary>How long an endpoint is waited for, and how often it is asked again.</summary>
/// <param name="Within">Each attempt, from its sending to what its reader waits for.</param>
/// <param name="Retries">How often a request is repeated.</param>
/// <param name="RetryAfter">The first pause before a repetition; it doubles. A shorter Retry-After of the endpoint is honoured.</param>
/// <param name="LongestRetryAfter">A longer Retry-After of the endpoint ends the attempt.</param>
internal sealed record EndpointPatience(TimeSpan Within, int Retries, TimeSpan RetryAfter, TimeSpan LongestRetryAfter);

/// <summary>One address of an OpenAI-compatible endpoint, asked under its key, and asked again where that may help.</summary>
internal sealed class ModelEndpoint : IDisposable
{
    private readonly Uri url;
    private readonly string? key;
    private readonly EndpointPatience patience;
    private readonly TimeProvider time;
    private readonly HttpClient http;
    private readonly ResiliencePipeline pipeline;

    /// <param name="repeats">Told of each failure that is followed by a repetition, with the repetition's number from 1.</param>
    /// <param name="breaker">Asked before each attempt; null: every one is made.</param>
    public ModelEndpoint(Uri url, string? key, EndpointPatience patience, TimeProvider time, Random random, Action<Exception, int> repeats, IBreaker? breaker = null)
    {
        (this.url, this.key, this.patience, this.time) = (url, key, patience, time);
        // A redirect could carry the key to a stranger.
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = Timeout.InfiniteTimeSpan };
        var building = new ResiliencePipelineBuilder { TimeProvider = time };
        if (patience.Retries > 0)
            building.AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = patience.Retries,
                BackoffType = DelayBackoffType.Exponential,
                Delay = patience.RetryAfter,
                UseJitter = true,
                Randomizer = random.NextDouble,
                ShouldHandle = args => ValueTask.FromResult(MayRepeat(args.Outcome.Exception)),
                DelayGenerator = args => ValueTask.FromResult((args.Outcome.Exception as EndpointFailure)?.RetryAfter),
                OnRetry = args =>
                {
                    repeats(args.Outcome.Exception!, args.AttemptNumber + 1);
                    return default;
                },
            });
        if (breaker is not null)
            building.AddBreaker(breaker, OutcomeOf);
        pipeline = building.AddTimeout(new TimeoutStrategyOptions { Timeout = patience.Within }).Build();
    }

    /// <summary>Sends a request and reads its answer.</summary>
    /// <param name="body">Made anew for each attempt.</param>
    /// <param name="read">Reads an answer whose headers have come and whose status is 200, and owns it from then on unless it throws.</param>
    /// <exception cref="EndpointFailure">It answered with another status.</exception>
    /// <exception cref="BreakerRefusedException">It is not asked for now.</exception>
    public async Task<T> Post<T>(Func<HttpContent> body, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellation) =>
        await pipeline.ExecuteAsync(async token => await Ask(body, read, token), cancellation);

    /// <summary>Why an endpoint gave no answer, in words that may be shown; empty where it is no failure of an endpoint.</summary>
    /// <param name="who">What the endpoint is called.</param>
    /// <param name="late">What did not come in time, such as "it gave no answer".</param>
    public string Told(Exception failure, string who, string late) => failure switch
    {
        BreakerRefusedException refused => refused.Message,
        EndpointFailure answered => $"{who} answered {(int)answered.Status}",
        TimeoutRejectedException => $"{late} within {patience.Within.TotalSeconds:0.#} seconds",
        HttpRequestException or IOException => $"{who} cannot be reached or broke the connection",
        JsonException => $"{who} sent something that is no answer",
        _ => "",
    };

    public void Dispose() => http.Dispose();

    // What the reader of an answer makes of it is its own exception: whatever is none of these was an answer that is none.
    private static CallOutcome OutcomeOf(Exception failure) => failure switch
    {
        TimeoutRejectedException => CallOutcome.TimedOut,
        OperationCanceledException => CallOutcome.Abandoned,
        HttpRequestException or IOException => CallOutcome.Unreachable,
        EndpointFailure { Status: HttpStatusCode.TooManyRequests } => CallOutcome.Throttled,
        EndpointFailure { MayPass: true } => CallOutcome.Failed,
        EndpointFailure => CallOutcome.Refused,
        _ => CallOutcome.BadAnswer,
    };

    private async Task<T> Ask<T>(Func<HttpContent> body, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = body() };
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        try
        {
            return response.StatusCode == HttpStatusCode.OK ? await read(response, cancellation) : throw new EndpointFailure(response.StatusCode, RetryAfter(response));
        }
        catch
        {
            response.Dispose();
            throw;
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
        EndpointFailure { MayPass: true } answered => !(answered.RetryAfter > patience.LongestRetryAfter),
        HttpRequestException or IOException or TimeoutRejectedException => true,
        _ => false,
    };
}
