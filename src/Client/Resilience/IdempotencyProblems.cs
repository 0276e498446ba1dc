using System.Globalization;

namespace Sophia.Resilience;

/// <summary>The refusals of idempotency keys, each with a page that explains it.</summary>
internal static class IdempotencyProblems
{
    /// <summary>The longest that somebody is told to wait, in seconds: the first one ends sooner than its lease, as a rule.</summary>
    private const int LongestWait = 5;

    public static readonly ProblemPage MissingPage = new("idempotency-key-missing", 400, "An Idempotency-Key is missing",
        "This address takes requests with an Idempotency-Key only, so that a request which is sent twice takes effect once. Send one with every request that changes something: a quoted string of 1 to 255 characters, best a UUID, the same where you send the same request again. "
        + "It is remembered for as long as GET /api/idempotency says.");

    public static readonly ProblemPage MalformedPage = new("idempotency-key-malformed", 400, "The Idempotency-Key is not a quoted string",
        "The header Idempotency-Key is a string as RFC 8941 writes it: between quotes, 1 to 255 visible ASCII characters and blanks; a quote or backslash in it has a backslash before it. It stands there once.");

    public static readonly ProblemPage MismatchPage = new("idempotency-key-reused", 422, "The Idempotency-Key was used for another request",
        "The same key came before with another method, address, query or body. Nothing of this request took effect. Send it with a key of its own.");

    public static readonly ProblemPage RunningPage = new("idempotency-key-running", 409, "The first request with this Idempotency-Key is under way",
        "The same request came before and has not ended. Send it again when Retry-After says; then it is answered as the first one was. Where the process that works on it died, the request is done anew once its lease is over, 30 seconds after its last sign of life.");

    public static readonly ProblemPage NotKeptPage = new("idempotency-answer-not-kept", 409, "The request took effect, and its answer is not kept",
        "The same request came before under the same Idempotency-Key and ended. Its answer is not told again, because it was too large, or holds a secret and was asked for by a browser or another API key, or records were erased since. Nothing took effect a second time.");

    public static ProblemException Missing() => MissingPage.Told("Send an Idempotency-Key with this request.");

    public static ProblemException Malformed(string fault) => MalformedPage.Told($"Idempotency-Key: {fault}");

    public static ProblemException Mismatch() => MismatchPage.Told("This key was used for another request. Nothing of this one took effect.");

    public static ProblemException Running(DateTimeOffset until, DateTimeOffset now) =>
        RunningPage.Told("The first request with this key has not ended.", Math.Clamp((int)Math.Ceiling((until - now).TotalSeconds), 1, LongestWait));

    public static ProblemException NotKept(int status, string because) =>
        NotKeptPage.Told(string.Create(CultureInfo.InvariantCulture, $"The first request with this key was answered with {status} and took effect. Its answer is not told again. {because}"));
}
