using Microsoft.Extensions.Logging;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>What senders of a pipeline's webhook sign with. That it is not to be had is told to people, by its name and once; senders are told only that they should try again.</summary>
internal sealed partial class WebhookSecret(TenantKey pipeline, ISecretResolver secrets, ILogger logger)
{
    /// <summary>The reference that was asked for in vain last; null: none was, or it is there again.</summary>
    private string? missing;

    /// <param name="generated">The one that the pipeline made, where it made one.</param>
    /// <exception cref="RefusedException">Unavailable: it is not to be had now.</exception>
    public async ValueTask<string> Of(SourceDefinition source, string? generated, CancellationToken cancellation) => await Find(source, generated, cancellation)
        ?? throw new RefusedException(RefusalCode.Unavailable, "The webhook's secret is not to be had; set it and let the sender try again.");

    /// <summary>Why deliveries cannot be checked, for people; null: none came in vain, or the secret is there by now.</summary>
    public async ValueTask<string?> Trouble(SourceDefinition source, string? generated, CancellationToken cancellation) =>
        missing is null || await Find(source, generated, cancellation) is not null ? null
        : $"The secret {missing} is not to be had, so no delivery can be checked: each is answered 503 and may be sent again. Set it where Sophia runs.";

    private async ValueTask<string?> Find(SourceDefinition source, string? generated, CancellationToken cancellation)
    {
        var stated = source["secret"] ?? "";
        var reference = SecretReference.Parse(stated);
        var secret = reference is SecretReference.Generated ? generated : reference is null ? null : await secrets.Resolve(pipeline.Tenant, reference, cancellation);
        if (string.IsNullOrEmpty(secret))
        {
            if (missing != stated)
                LogMissing(pipeline.ToString(), stated);
            missing = stated;
            return null;
        }
        if (missing is not null)
            LogFound(pipeline.ToString(), stated);
        missing = null;
        return secret;
    }

    [LoggerMessage(2106, LogLevel.Warning, "Pipeline {Pipeline}: its webhook's secret {Secret} is not to be had; deliveries are answered 503 until it is")]
    private partial void LogMissing(string pipeline, string secret);

    [LoggerMessage(2107, LogLevel.Information, "Pipeline {Pipeline}: its webhook's secret {Secret} is there again")]
    private partial void LogFound(string pipeline, string secret);
}
