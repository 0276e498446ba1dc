using System.Text.Json;

namespace Sophia.Resilience;

/// <summary>Which answers are told again. Pure.</summary>
internal static class KeptAnswers
{
    /// <summary>Headers that are told again with an answer.</summary>
    public static readonly IReadOnlyList<string> Headers = ["Content-Type", "Location", "ETag", "Content-Language", "Link"];

    /// <summary>Whether an answer is the operation's own, success or error. The others speak of the moment (who asks, who is at it, what there is room for): then the next request does the work.</summary>
    public static bool IsKept(int status) => status is >= 200 and < 500 and not (401 or 403 or 408 or 409 or 425 or 429) or 500;

    public static IdempotentOutcome Of(HttpResponse response, byte[]? body, bool holdsSecret) => new(
        response.StatusCode,
        [.. Headers.Where(response.Headers.ContainsKey).Select(name => new IdempotentHeader(name, response.Headers[name].ToString()))],
        body ?? [],
        holdsSecret ? "It holds a secret, which is told once." : body is null ? $"It has more than {EdgeLimits.KeptAnswer} bytes." : null);

    public static IdempotentOutcome Of(Problem problem) => new(problem.Status, [new IdempotentHeader("Content-Type", "application/problem+json")], JsonSerializer.SerializeToUtf8Bytes(problem, EdgeJson.Readable.Problem));
}
