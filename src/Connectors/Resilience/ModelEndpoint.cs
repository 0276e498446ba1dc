using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Sophia.Resilience;

/// <summary>One address of an OpenAI-compatible endpoint, asked under its key as its policy has it.</summary>
internal sealed class ModelEndpoint : IDisposable
{
    private readonly Uri url;
    private readonly string? key;
    private readonly IPolicy policy;
    private readonly TimeProvider time;
    private readonly Action<Exception, int> repeats;
    private readonly HttpClient http;

    /// <param name="repeats">Told of each failure that is followed by a repetition, with the repetition's number from 1.</param>
    public ModelEndpoint(Uri url, string? key, IPolicy policy, TimeProvider time, Action<Exception, int> repeats)
    {
        (this.url, this.key, this.policy, this.time, this.repeats) = (url, key, policy, time, repeats);
        // A redirect could carry the key to a stranger.
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Sends a request and reads its answer. What is asked of a model changes nothing there, so it may be asked twice.</summary>
    /// <param name="body">Made anew for each attempt.</param>
    /// <param name="read">Reads an answer whose headers have come and whose status is 200, and owns it from then on unless it throws.</param>
    /// <param name="discard">Lets go of an answer that came second; null: there is nothing to let go of.</param>
    /// <exception cref="EndpointFailure">It answered with another status.</exception>
    /// <exception cref="PolicyRefusedException">It is not asked for now.</exception>
    /// <exception cref="AttemptTimeoutException">No answer came in time.</exception>
    public Task<T> Post<T>(Func<HttpContent> body, Func<HttpResponseMessage, CancellationToken, Task<T>> read, Action<T>? discard, CancellationToken cancellation) =>
        policy.Run(new PolicyCall<T>(token => Ask(body, read, token), Judge, IsIdempotent: true) { Repeats = repeats, Discard = discard }, cancellation).AsTask();

    /// <summary>Why an endpoint gave no answer, in words that may be shown; empty where it is no failure of an endpoint.</summary>
    /// <param name="who">What the endpoint is called.</param>
    /// <param name="late">What did not come in time, such as "it gave no answer".</param>
    public static string Told(Exception failure, string who, string late) => failure switch
    {
        PolicyRefusedException refused => refused.Message,
        EndpointFailure answered => $"{who} answered {(int)answered.Status}",
        AttemptTimeoutException timeout => $"{late} within {timeout.Within.TotalSeconds:0.#} seconds",
        HttpRequestException or IOException => $"{who} cannot be reached or broke the connection",
        JsonException => $"{who} sent something that is no answer",
        _ => "",
    };

    public void Dispose() => http.Dispose();

    // What the reader of an answer makes of it is its own exception: whatever is none of these was an answer that is none.
    private static CallFailure Judge(Exception failure) => failure switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } => new CallFailure(CallOutcome.Unreachable, MayPass: true, DidNothing: true),
        HttpRequestException or IOException => new CallFailure(CallOutcome.Unreachable, MayPass: true),
        EndpointFailure { Status: HttpStatusCode.TooManyRequests } answered => new CallFailure(CallOutcome.Throttled, MayPass: true, answered.RetryAfter, DidNothing: true),
        EndpointFailure { MayPass: true } answered => new CallFailure(CallOutcome.Failed, MayPass: true, answered.RetryAfter),
        EndpointFailure => new CallFailure(CallOutcome.Refused, MayPass: false),
        _ => new CallFailure(CallOutcome.BadAnswer, MayPass: false),
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
}
