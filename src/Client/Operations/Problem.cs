using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sophia.Operations;

/// <summary>RFC 9457 problem details. Code is stable; Detail and Errors are for people; RetryAfter is in seconds; Help is the address of a page that explains it; ViolatedPolicies names the limits that refused.</summary>
public sealed record Problem(
    string Type,
    string Title,
    int Status,
    string Code,
    string? Detail = null,
    IReadOnlyList<string>? Errors = null,
    int? RetryAfter = null,
    string? CorrelationId = null,
    string? Help = null,
    [property: JsonPropertyName("violated-policies")] IReadOnlyList<string>? ViolatedPolicies = null);

/// <summary>The one place where refusals and surprises become HTTP answers. No answer carries a stack trace or the text of an unforeseen exception.</summary>
internal static class Problems
{
    public static Problem Of(Exception exception, DateTimeOffset now) => exception switch
    {
        RefusedException refused => Of(refused, now),
        ProblemException known => known.Problem,
        Resilience.PolicyRefusedException { Reason: Resilience.PolicyRefusalReason.Deadline } late => Of(504, "deadline-passed", late.Message),
        Resilience.PolicyRefusedException refused => Of(503, "unavailable", refused.Message) with { RetryAfter = refused.RetryAt is { } at ? Math.Max(1, (int)Math.Ceiling((at - now).TotalSeconds)) : null },
        BadHttpRequestException { InnerException: JsonException json } => Of(400, "invalid", MalformedJson(json)),
        JsonException json => Of(400, "invalid", MalformedJson(json)),
        BadHttpRequestException bad => Of(bad.StatusCode, CodeOf(bad.StatusCode), BadRequests.Said(bad)),
        FormatException format => Of(400, "invalid", format.Message),
        Orleans.Storage.InconsistentStateException => Of(503, "unavailable", "Somebody else changed the same thing at the same moment. Try again.") with { RetryAfter = 1 },
        Orleans.Runtime.OrleansMessageRejectionException => Of(503, "unavailable", $"The part of Sophia that was asked went away. {UnknownOutcome.Words}") with { RetryAfter = 1 },
        TimeoutException => Of(503, "timeout", $"No answer came in time. {UnknownOutcome.Words}") with { RetryAfter = 1 },
        _ => Of(500, "internal", "Something failed that should not. The correlation id finds it in the log."),
    };

    /// <summary>What a request is told that changes nothing.</summary>
    public static Problem OfRead(Problem problem) => problem.Detail is { } detail ? problem with { Detail = UnknownOutcome.OfRead(detail) } : problem;

    public static Problem Of(int status) => Of(status, CodeOf(status), null);

    /// <summary>How a refusal is told: its HTTP status, and its stable code, which the hub says too.</summary>
    public static (int Status, string Code) Told(RefusalCode code) => code switch
    {
        RefusalCode.Invalid => (400, "invalid"),
        RefusalCode.Unauthenticated => (401, "unauthenticated"),
        RefusalCode.Forbidden => (403, "forbidden"),
        RefusalCode.NotFound => (404, "not-found"),
        RefusalCode.Conflict => (409, "conflict"),
        RefusalCode.TooLarge => (413, "too-large"),
        RefusalCode.Busy => (429, "busy"),
        RefusalCode.StorageFull => (507, "storage-full"),
        RefusalCode.Unavailable => (503, "unavailable"),
        RefusalCode.DeadlinePassed => (504, "deadline-passed"),
        _ => (500, "internal"),
    };

    private static Problem Of(RefusedException refused, DateTimeOffset now)
    {
        var (status, code) = Told(refused.Code);
        int? wait = refused.RetryAt is { } at ? Math.Max(1, (int)Math.Ceiling((at - now).TotalSeconds)) : null;
        return Of(status, code, refused.Message) with { Errors = refused.Errors.Count == 0 ? null : refused.Errors, RetryAfter = wait };
    }

    private static Problem Of(int status, string code, string? detail) =>
        new($"urn:sophia:problem:{code}", TitleOf(status), status, code, detail ?? DetailOf(status));

    private static string MalformedJson(JsonException json) => string.Create(CultureInfo.InvariantCulture,
        $"The body is not the JSON that is expected: line {(json.LineNumber ?? 0) + 1}, byte {(json.BytePositionInLine ?? 0) + 1}, at {json.Path ?? "$"}.{BadRequests.Why(json)}");

    private static string TitleOf(int status) => status switch
    {
        400 => "The request is not valid",
        401 => "Who are you?",
        403 => "You may not do this",
        404 => "There is no such thing",
        405 => "This cannot be done here",
        409 => "This conflicts with what is there",
        411 => "The length is missing",
        413 => "This is too large",
        415 => "This type of content is not understood",
        429 => "Busy",
        503 => "Not available now",
        504 => "The caller's time is over",
        507 => "The disk is full",
        >= 500 => "Sophia failed",
        _ => "The request was refused",
    };

    private static string? DetailOf(int status) => status switch
    {
        401 => $"Send an API key as \"Authorization: Bearer sophia.<tenant>.<secret>\", or sign the browser in with the link that \"{SophiaCommand.Name} up\" prints.",
        403 => "Your role does not allow it.",
        404 => "Nothing answers at this address. /openapi/v1.json lists those that do.",
        405 => "The Allow header names the methods that this address knows.",
        413 => "The request is larger than this address takes.",
        415 => "Send JSON as application/json.",
        _ => null,
    };

    private static string CodeOf(int status) => status switch
    {
        400 => "invalid",
        401 => "unauthenticated",
        403 => "forbidden",
        404 => "not-found",
        405 => "method-not-allowed",
        408 => "timeout",
        413 => "too-large",
        415 => "unsupported-content",
        429 => "busy",
        >= 500 => "internal",
        _ => "refused",
    };
}
