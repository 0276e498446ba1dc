using System.Buffers.Text;

namespace Sophia.Pipelines;

/// <summary>Escapes of JSON that are half a character, such as "\ud800" alone: JSON allows them, but no text can hold one.</summary>
internal static class HalfCharacters
{
    private const int EscapeLength = 6;

    /// <summary>Whether a line of JSON has one.</summary>
    public static bool Any(ReadOnlySpan<byte> json) => Next(json, 0) >= 0;

    /// <summary>The line with U+FFFD in the place of each.</summary>
    public static byte[] Replaced(ReadOnlySpan<byte> json)
    {
        var mended = json.ToArray();
        for (var at = Next(json, 0); at >= 0; at = Next(json, at + EscapeLength))
            "\\ufffd"u8.CopyTo(mended.AsSpan(at));
        return mended;
    }

    /// <summary>Where the next one begins, or -1.</summary>
    private static int Next(ReadOnlySpan<byte> json, int from)
    {
        while (from < json.Length && json[from..].IndexOf((byte)'\\') is >= 0 and var ahead)
        {
            var at = from + ahead;
            if (Unit(json, at) is not { } unit)
                from = at + 2;
            else if (char.IsHighSurrogate(unit) && Unit(json, at + EscapeLength) is { } second && char.IsLowSurrogate(second))
                from = at + (2 * EscapeLength);
            else if (char.IsSurrogate(unit))
                return at;
            else
                from = at + EscapeLength;
        }
        return -1;
    }

    /// <summary>The UTF-16 unit that is escaped at a place, or null where none is.</summary>
    private static char? Unit(ReadOnlySpan<byte> json, int at) =>
        at + EscapeLength <= json.Length && json[at] == (byte)'\\' && json[at + 1] == (byte)'u'
        && Utf8Parser.TryParse(json.Slice(at + 2, 4), out ushort unit, out var read, 'x') && read == 4 ? (char)unit : null;
}
