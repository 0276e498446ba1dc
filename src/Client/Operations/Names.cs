namespace Sophia.Operations;

/// <summary>Names in a request, refused where nothing can be called so.</summary>
internal static class Names
{
    private const int MostCharacters = 2_000;

    /// <exception cref="RefusedException">Invalid: too long, or no name.</exception>
    public static string Stream(string stream) => stream.Length <= MostCharacters ? Checked("stream", stream)!
        : throw new RefusedException(RefusalCode.Invalid, $"A stream, key or id has at most {MostCharacters} characters.");

    /// <exception cref="RefusedException">Invalid: it holds the character U+0000, which no store takes in a name.</exception>
    public static string? Checked(string what, string? name) =>
        name?.Contains('\0') == true ? throw new RefusedException(RefusalCode.Invalid, $"{what}: a name does not hold the character U+0000.") : name;
}
