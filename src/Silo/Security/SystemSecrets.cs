using System.Security.Cryptography;

namespace Sophia.Security;

/// <summary>Secrets from the operating system's generator.</summary>
internal sealed class SystemSecrets : ISecretSource
{
    public void Fill(Span<byte> buffer) => RandomNumberGenerator.Fill(buffer);
}
