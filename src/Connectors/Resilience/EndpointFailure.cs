using System.Net;

namespace Sophia.Resilience;

/// <summary>An endpoint answered with another status than 200.</summary>
internal sealed class EndpointFailure(HttpStatusCode status, TimeSpan? retryAfter) : Exception($"HTTP {(int)status}")
{
    public HttpStatusCode Status => status;

    public TimeSpan? RetryAfter => retryAfter;

    /// <summary>Whether the same request may be answered later.</summary>
    public bool MayPass => status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;

    /// <summary>Whether another request may be answered at once: this one is too long, asks for too much, or says what the model wants to hear nothing of.</summary>
    public bool IsOfTheRequest => status is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity;
}
