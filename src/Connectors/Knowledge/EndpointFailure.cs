using System.Net;

namespace Sophia.Knowledge;

/// <summary>An endpoint answered with another status than 200.</summary>
internal sealed class EndpointFailure(HttpStatusCode status, TimeSpan? retryAfter) : Exception($"HTTP {(int)status}")
{
    public HttpStatusCode Status => status;

    public TimeSpan? RetryAfter => retryAfter;

    /// <summary>Whether the same request may be answered later.</summary>
    public bool MayPass => status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;

    /// <summary>Whether fewer or other texts may be answered: too long, too many, or such that the model wants none of them.</summary>
    public bool IsOfTheTexts => status is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity;
}
