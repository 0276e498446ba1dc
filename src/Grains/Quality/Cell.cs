using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Sophia.Operations;

namespace Sophia.Quality;

/// <summary>One value of a record as it stands in the payload: a text's bytes without quotes and escapes, anything else as it is written.</summary>
internal readonly ref struct Cell(JsonTokenType token, ReadOnlySpan<byte> bytes)
{
    /// <summary>How much of a value a reason shows, in UTF-16 units.</summary>
    public const int MaxShown = 200;

    private const int MaxOnStack = 256;

    public JsonTokenType Token { get; } = token;

    public ReadOnlySpan<byte> Bytes { get; } = bytes;

    /// <summary>Missing, null, or a text of no characters: a table cannot tell these apart, so no format does.</summary>
    public bool IsEmpty => Token is JsonTokenType.None or JsonTokenType.Null || (Token == JsonTokenType.String && Bytes.IsEmpty);

    public bool IsText => Token == JsonTokenType.String;

    public bool IsScalar => Token is JsonTokenType.String or JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False;

    /// <summary>A number, or a text that is written as one.</summary>
    public bool TryNumber(out decimal number)
    {
        number = 0;
        return Token is JsonTokenType.Number or JsonTokenType.String && TryNumber(Bytes, out number);
    }

    public bool TryMoment(out DateTimeOffset moment, out bool hasTime)
    {
        (moment, hasTime) = (default, false);
        return Token == JsonTokenType.String && Moments.TryParse(Bytes, out moment, out hasTime);
    }

    /// <summary>Asks a question of the value's text without making a string of it.</summary>
    public bool Ask(Func<ReadOnlySpan<char>, bool> question)
    {
        if (Bytes.Length > MaxOnStack)
            return question(Text());
        Span<char> text = stackalloc char[MaxOnStack];
        return question(text[..Encoding.UTF8.GetChars(Bytes, text)]);
    }

    public string Text() => Encoding.UTF8.GetString(Bytes);

    /// <summary>What a reason shows of it; null where there is nothing.</summary>
    public string? Shown() => Token switch
    {
        JsonTokenType.None or JsonTokenType.Null => null,
        _ => Clip(Encoding.UTF8.GetString(Bytes[..Math.Min(Bytes.Length, MaxShown * 4)])),
    };

    public static string Clip(string text) =>
        TextEnd.Clip(text, MaxShown);

    public static bool TryNumber(ReadOnlySpan<byte> bytes, out decimal number)
    {
        number = 0;
        if (bytes.IsEmpty || bytes[0] is not ((>= (byte)'0' and <= (byte)'9') or (byte)'-' or (byte)'.') || bytes.Length > 400)
            return false;
        if (Utf8Parser.TryParse(bytes, out number, out int used) && used == bytes.Length)
            return true;
        if (bytes.IndexOfAny((byte)'e', (byte)'E') < 0 || !Utf8Parser.TryParse(bytes, out double wide, out used) || used != bytes.Length || !double.IsFinite(wide))
            return Utf8Parser.TryParse(bytes, out number, out used, 'E') && used == bytes.Length;
        number = wide >= (double)decimal.MaxValue ? decimal.MaxValue : wide <= (double)decimal.MinValue ? decimal.MinValue : (decimal)wide;
        return true;
    }
}
