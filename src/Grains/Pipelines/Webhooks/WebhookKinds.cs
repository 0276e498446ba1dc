namespace Sophia.Pipelines;

/// <summary>The kinds of source that are fed by deliveries and never read by a run.</summary>
internal static class WebhookKinds
{
    public const string GitHub = "github-webhook";
    public const string Generic = "webhook";

    public static bool IsWebhook(string type) => type is GitHub or Generic;
}
