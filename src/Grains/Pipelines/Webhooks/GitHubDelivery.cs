using System.Text.Json;
using Sophia.Log;

namespace Sophia.Pipelines;

/// <summary>GitHub's deliveries: signed over the raw body, named by a delivery id that a redelivery repeats.</summary>
/// <remarks>An event about a thing with an identity of its own (an issue, a comment, a release) becomes a version of that thing; any other one is a
/// record of its own under the delivery's id.</remarks>
internal static class GitHubDelivery
{
    // Where the thing stands that an event is about.
    private static readonly Dictionary<string, string> Subjects = new(StringComparer.Ordinal)
    {
        ["branch_protection_rule"] = "rule",
        ["check_run"] = "check_run",
        ["check_suite"] = "check_suite",
        ["commit_comment"] = "comment",
        ["deploy_key"] = "key",
        ["deployment"] = "deployment",
        ["deployment_status"] = "deployment_status",
        ["discussion"] = "discussion",
        ["discussion_comment"] = "comment",
        ["installation"] = "installation",
        ["issue_comment"] = "comment",
        ["issues"] = "issue",
        ["label"] = "label",
        ["milestone"] = "milestone",
        ["package"] = "package",
        ["project"] = "project",
        ["project_card"] = "project_card",
        ["project_column"] = "project_column",
        ["pull_request"] = "pull_request",
        ["pull_request_review"] = "review",
        ["pull_request_review_comment"] = "comment",
        ["pull_request_review_thread"] = "thread",
        ["registry_package"] = "registry_package",
        ["release"] = "release",
        ["repository"] = "repository",
        ["repository_vulnerability_alert"] = "alert",
        ["sponsorship"] = "sponsorship",
        ["team"] = "team",
        ["workflow_job"] = "workflow_job",
        ["workflow_run"] = "workflow_run",
    };

    // Alerts have a number that is unique within their repository alone.
    private static readonly HashSet<string> NumberedAlerts = ["code_scanning_alert", "dependabot_alert", "secret_scanning_alert"];

    public static DeliveryVerdict Judge(WebhookDelivery delivery, string secret)
    {
        var headers = delivery.Headers;
        if (!headers.TryGetValue("x-hub-signature-256", out var signature) || !signature.StartsWith("sha256=", StringComparison.Ordinal))
            return DeliveryVerdict.Wrong("There is no X-Hub-Signature-256; give the webhook a secret.");
        if (!WebhookSignature.Fits(delivery.Body.Span, null, secret, signature.AsSpan(7), base64: false))
            return DeliveryVerdict.Wrong("X-Hub-Signature-256 does not fit the body.");
        if (!headers.TryGetValue("x-github-event", out var happened) || !IsEventName(happened))
            return DeliveryVerdict.Invalid("There is no X-GitHub-Event.");
        if (!headers.TryGetValue("x-github-delivery", out var id) || id.Length is 0 or > DeliveryVerdict.MaxIdLength)
            return DeliveryVerdict.Invalid("There is no X-GitHub-Delivery.");
        if (WebhookBody.Objection(delivery) is { } objection)
            return DeliveryVerdict.Invalid(objection);
        if (WebhookBody.HasHalfCharacter(delivery.Body.Span))
            return new DeliveryVerdict.Accept(id, $"github/{happened}", id, RecordOperation.Upsert) { Fault = DeliveryVerdict.HalfCharacter };
        using var payload = JsonDocument.Parse(delivery.Body);
        var key = KeyOf(happened, payload.RootElement);
        var deleted = key is not null && Text(payload.RootElement, "action") == "deleted";
        return new DeliveryVerdict.Accept(id, $"github/{happened}", key ?? id, deleted ? RecordOperation.Delete : RecordOperation.Upsert);
    }

    internal static string? KeyOf(string happened, JsonElement payload)
    {
        if (Subjects.TryGetValue(happened, out var name) && payload.TryGetProperty(name, out var subject) && subject.ValueKind == JsonValueKind.Object)
            return Text(subject, "node_id") ?? Text(subject, "id");
        if (NumberedAlerts.Contains(happened) && payload.TryGetProperty("alert", out var alert) && alert.ValueKind == JsonValueKind.Object
            && payload.TryGetProperty("repository", out var repository) && repository.ValueKind == JsonValueKind.Object
            && Text(repository, "id") is { } place && Text(alert, "number") is { } number)
            return $"{place}#{number}";
        return null;
    }

    private static string? Text(JsonElement from, string name) => !from.TryGetProperty(name, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.String when value.GetString() is { Length: > 0 } text && KeyFields.Fits(text) => text,
        JsonValueKind.Number => value.GetRawText(),
        _ => null,
    };

    private static bool IsEventName(string text) => text.Length is > 0 and <= 64 && text.All(c => c is (>= 'a' and <= 'z') or '_');
}
