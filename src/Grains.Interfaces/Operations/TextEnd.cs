namespace Sophia.Operations;

/// <summary>Ends a text that is too long, and never within a character: half of a surrogate pair is a text that no store takes.</summary>
public static class TextEnd
{
    /// <summary>The text, at most so many UTF-16 units of it.</summary>
    public static string Cut(string text, int most) => text.Length <= most ? text : text[..Whole(text, most)];

    /// <summary>The text, at most so many UTF-16 units, the last of which is "…" where something is missing.</summary>
    public static string Clip(string text, int most) => text.Length <= most ? text : $"{text.AsSpan(0, Whole(text, most - 1))}…";

    private static int Whole(string text, int length) => length > 0 && char.IsHighSurrogate(text[length - 1]) ? length - 1 : length;
}
