using System.Security.Cryptography;
using Sophia.Pipelines;

namespace Sophia.Security;

/// <summary>Fetches secrets from the environment and from files; both are read anew each time, so that a rotated secret is the one that counts.</summary>
internal sealed class SecretResolver : ISecretResolver
{
    /// <summary>The longest secret, in characters.</summary>
    private const int MaxLength = 4_096;

    public async ValueTask<string?> Resolve(SecretReference reference, CancellationToken cancellation) => reference switch
    {
        SecretReference.Environment variable => Environment.GetEnvironmentVariable(variable.Name),
        SecretReference.File file => await Read(file.Path, cancellation),
        _ => null,
    };

    public string NewSecret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

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
