namespace Sophia.Security;

/// <summary>Encrypts what must be kept and nobody may read on the disk. The program implements it over the key that it is given.</summary>
public interface ISecretBox
{
    /// <summary>Encrypts a text for one purpose; sealed for another one it cannot be opened.</summary>
    /// <exception cref="Operations.RefusedException">Unavailable: there is no key.</exception>
    string Seal(string text, string purpose);

    /// <summary>The text, or null where it was sealed under another key or for another purpose.</summary>
    string? Open(string closed, string purpose);

    /// <summary>A key of 32 bytes for one purpose, always the same under the same installation's key.</summary>
    /// <exception cref="Operations.RefusedException">Unavailable: there is no key.</exception>
    byte[] Derive(string purpose);
}
