using System.Text.Json;

namespace Sophia.Resilience;

/// <summary>Which answers are told again. Pure.</summary>
internal static class KeptAnswers
{
    /// <summary>Headers that are told again with an answer.</summary>
    public static readonly IReadOnlyList<string> Headers = ["Content-Type", "Location", "ETag", "Content-Language", "Link"];

    /// <summary>Whether an answer is the operation's own, success or error. The others speak of the moment (who asks, who is at it, what there is room for): then the next request does the work.</summary>
    public static bool IsKept(int status) => status is >= 200 and < 500 and not (401 or 403 or 408 or 409 or 425 or 429) or 500;

    /// <param name="body">Null: too large.</param>
    public static IdempotentOutcome Of(HttpResponse response, byte[]? body) => new(
        response.StatusCode,
        Of(response.Headers),
        body ?? [],
        body is null ? $"It has more than {EdgeLimits.KeptAnswer} bytes." : null);

    /// <summary>An answer that holds a secret.</summary>
    /// <param name="sealedBody">Null: its asker has nothing to close it under.</param>
    public static IdempotentOutcome OfSecret(HttpResponse response, byte[]? sealedBody) => new(
        response.StatusCode,
        sealedBody is null ? [] : Of(response.Headers),
        sealedBody ?? [],
        "It holds a secret, which is told to the API key that asked and to nobody else.");

    public static IdempotentOutcome Of(Problem problem) => new(problem.Status, [new IdempotentHeader("Content-Type", "application/problem+json")], JsonSerializer.SerializeToUtf8Bytes(problem, EdgeJson.Readable.Problem));

    private static IdempotentHeader[] Of(IHeaderDictionary headers) => [.. Headers.Where(headers.ContainsKey).Select(name => new IdempotentHeader(name, headers[name].ToString()))];
}
