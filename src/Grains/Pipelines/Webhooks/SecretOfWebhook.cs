using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>What senders of a webhook sign with.</summary>
internal static class SecretOfWebhook
{
    /// <param name="generated">The one that the pipeline made, where it made one.</param>
    /// <exception cref="RefusedException">Unavailable: it is not to be had now.</exception>
    public static async ValueTask<string> Of(SourceDefinition source, string? generated, TenantId tenant, ISecretResolver secrets, CancellationToken cancellation)
    {
        var reference = SecretReference.Parse(source["secret"] ?? "");
        var secret = reference is SecretReference.Generated ? generated : reference is null ? null : await secrets.Resolve(tenant, reference, cancellation);
        return string.IsNullOrEmpty(secret) ? throw new RefusedException(RefusalCode.Unavailable, "The webhook's secret is not to be had; set it and let the sender try again.") : secret;
    }
}
