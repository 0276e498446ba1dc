using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>Values as the JSON that a transform writes.</summary>
internal static class TransformJson
{
    public static readonly ReadOnlyMemory<byte> Null = "null"u8.ToArray();
    public static readonly ReadOnlyMemory<byte> True = "true"u8.ToArray();
    public static readonly ReadOnlyMemory<byte> False = "false"u8.ToArray();

    public static ReadOnlyMemory<byte> Text(string text) =>
        (byte[])[(byte)'"', .. JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes, (byte)'"'];

    public static ReadOnlyMemory<byte> Number(decimal number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));

    public static ReadOnlyMemory<byte> Of(ExpressionValue value) => value.Kind switch
    {
        ValueKind.Unknown => Null,
        ValueKind.Number => Number(value.Number),
        ValueKind.Truth => value.Number != 0 ? True : False,
        _ => Text(ExpressionFunction.Shown(value)!),
    };

    /// <summary>What kind of value it is, by its first sign.</summary>
    public static JsonTokenType TokenOf(ReadOnlySpan<byte> json) => json[0] switch
    {
        (byte)'"' => JsonTokenType.String,
        (byte)'{' => JsonTokenType.StartObject,
        (byte)'[' => JsonTokenType.StartArray,
        (byte)'t' => JsonTokenType.True,
        (byte)'f' => JsonTokenType.False,
        (byte)'n' => JsonTokenType.Null,
        _ => JsonTokenType.Number,
    };

    /// <summary>A text's characters; anything else as it is written.</summary>
    public static string Shown(ReadOnlySpan<byte> json)
    {
        if (json[0] != '"')
            return Encoding.UTF8.GetString(json);
        var reader = new Utf8JsonReader(json);
        reader.Read();
        return reader.GetString()!;
    }

    /// <summary>Whether it is one JSON number and nothing else.</summary>
    public static bool IsNumber(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty || text[0] is not ((byte)'-' or >= (byte)'0' and <= (byte)'9'))
            return false;
        var at = text[0] == '-' ? 1 : 0;
        var digits = Digits(text, ref at);
        if (digits == 0 || (digits > 1 && text[at - digits] == '0'))
            return false;
        if (at < text.Length && text[at] == '.')
        {
            at++;
            if (Digits(text, ref at) == 0)
                return false;
        }
        if (at < text.Length && text[at] is (byte)'e' or (byte)'E')
        {
            at++;
            if (at < text.Length && text[at] is (byte)'+' or (byte)'-')
                at++;
            if (Digits(text, ref at) == 0)
                return false;
        }
        return at == text.Length;
    }

    private static int Digits(ReadOnlySpan<byte> text, ref int at)
    {
        var from = at;
        while (at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9')
            at++;
        return at - from;
    }
}
