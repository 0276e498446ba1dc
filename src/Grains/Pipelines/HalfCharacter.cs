using System.Buffers.Text;

namespace Sophia.Pipelines;

/// <summary>Half a character, such as \ud800 alone: JSON may escape it, but no text can hold it, so nobody could store or show what it stands in.</summary>
public static class HalfCharacter
{
    public const string Expected = "text of whole characters";

    public const string Hint = "A text or name in it is half a character, such as \\ud800.";

    private const int EscapeLength = 6;

    /// <summary>Whether one stands in a name or text as well-formed JSON has it between its quotes, escapes and all.</summary>
    public static bool Stands(ReadOnlySpan<byte> escaped)
    {
        for (int next; (next = escaped.IndexOf((byte)'\\')) >= 0;)
        {
            escaped = escaped[next..];
            if (Unit(escaped) is not { } unit)
            {
                escaped = escaped[2..];
                continue;
            }
            escaped = escaped[EscapeLength..];
            if (char.IsLowSurrogate(unit))
                return true;
            if (!char.IsHighSurrogate(unit))
                continue;
            if (Unit(escaped) is not { } other || !char.IsLowSurrogate(other))
                return true;
            escaped = escaped[EscapeLength..];
        }
        return false;
    }

    /// <summary>What a \u escape at the start stands for, or null where none is.</summary>
    private static char? Unit(ReadOnlySpan<byte> text) =>
        text.Length >= EscapeLength && text[0] == '\\' && text[1] == 'u' && Utf8Parser.TryParse(text.Slice(2, 4), out ushort unit, out _, 'X') ? (char)unit : null;
}
