using System.Buffers.Text;

namespace Sophia.Pipelines;

/// <summary>Half a character, such as \ud800 alone: JSON may escape it, but no text can hold it, so nobody could store or show what it stands in.</summary>
public static class HalfCharacter
{
    public const string Expected = "text of whole characters";

    public const string Hint = "A text or name in it is half a character, such as \\ud800.";

    private const int EscapeLength = 6;

    /// <summary>Whether one stands in well-formed JSON, or in a name or text as JSON has it between its quotes, escapes and all.</summary>
    public static bool Stands(ReadOnlySpan<byte> escaped) => Next(escaped, 0) >= 0;

    /// <summary>The same with U+FFFD in the place of each.</summary>
    public static byte[] Replaced(ReadOnlySpan<byte> escaped)
    {
        var mended = escaped.ToArray();
        for (var at = Next(escaped, 0); at >= 0; at = Next(escaped, at + EscapeLength))
            "\\ufffd"u8.CopyTo(mended.AsSpan(at));
        return mended;
    }

    /// <summary>Where the next one begins, or -1.</summary>
    private static int Next(ReadOnlySpan<byte> escaped, int from)
    {
        while (from < escaped.Length && escaped[from..].IndexOf((byte)'\\') is >= 0 and var ahead)
        {
            var at = from + ahead;
            if (Unit(escaped, at) is not { } unit)
                from = at + 2;
            else if (char.IsHighSurrogate(unit) && Unit(escaped, at + EscapeLength) is { } second && char.IsLowSurrogate(second))
                from = at + (2 * EscapeLength);
            else if (char.IsSurrogate(unit))
                return at;
            else
                from = at + EscapeLength;
        }
        return -1;
    }

    /// <summary>The UTF-16 unit that is escaped at a place, or null where none is.</summary>
    private static char? Unit(ReadOnlySpan<byte> text, int at) =>
        at + EscapeLength <= text.Length && text[at] == (byte)'\\' && text[at + 1] == (byte)'u'
        && Utf8Parser.TryParse(text.Slice(at + 2, 4), out ushort unit, out var read, 'x') && read == 4 ? (char)unit : null;
}
