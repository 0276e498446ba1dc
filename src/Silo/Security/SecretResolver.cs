using Sophia.Pipelines;
using Sophia.Tenants;

namespace Sophia.Security;

/// <summary>Fetches secrets from the environment and from files; both are read anew each time, so that a rotated secret is the one that counts.</summary>
/// <param name="trusted">The tenants that may name variables and files of this machine: whoever runs Sophia. Any other one could name a secret that is not its own.</param>
internal sealed class SecretResolver(IReadOnlySet<TenantId> trusted) : ISecretResolver
{
    /// <summary>The longest secret, in characters.</summary>
    private const int MaxLength = 4_096;

    public string? Objection(TenantId tenant, SecretReference reference) => reference is SecretReference.Generated || trusted.Contains(tenant)
        ? null
        : "expected \"generated\": variables and files of this machine are not this tenant's to name";

    public async ValueTask<string?> Resolve(TenantId tenant, SecretReference reference, CancellationToken cancellation) => Objection(tenant, reference) is not null ? null : reference switch
    {
        SecretReference.Environment variable => Environment.GetEnvironmentVariable(variable.Name),
        SecretReference.File file => await Read(file.Path, cancellation),
        _ => null,
    };

    private static async Task<string?> Read(string path, CancellationToken cancellation)
    {
        try
        {
            if (new FileInfo(path) is not { Exists: true, Length: <= MaxLength })
                return null;
            return (await File.ReadAllTextAsync(path, cancellation)).Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
