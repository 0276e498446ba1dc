namespace Sophia.Security;

/// <summary>Where secrets come from: the operating system's generator in a program, a seed in a simulation.</summary>
public interface ISecretSource
{
    /// <summary>Fills a buffer with bytes that nobody can guess.</summary>
    void Fill(Span<byte> buffer);
}
