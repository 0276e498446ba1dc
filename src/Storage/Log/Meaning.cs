using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sophia.Log;

/// <summary>What a record says, however it is spelled: white space, the order of its fields, escapes, the spelling of numbers, and whether a number is a text count for nothing; nor do fields that are null or empty. Pure.</summary>
internal static class Meaning
{
    /// <summary>Exponents that are still written out, so that 1e3 is the text 1000.</summary>
    private const int MostZeros = 40;

    /// <summary>The first 16 bytes of a SHA-256. Null where the bytes are no JSON, or say nothing.</summary>
    public static UInt128? Of(ReadOnlyMemory<byte> payload)
    {
        try
        {
            using var document = JsonDocument.Parse(payload);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            if (IsNothing(document.RootElement))
                return null;
            Say(hash, document.RootElement);
            return BinaryPrimitives.ReadUInt128BigEndian(hash.GetHashAndReset());
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool IsNothing(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.String => HeldText.Of(element) is "",
        JsonValueKind.Object => element.EnumerateObject().All(static property => IsNothing(property.Value)),
        JsonValueKind.Array => element.GetArrayLength() == 0,
        _ => false,
    };

    private static void Say(IncrementalHash hash, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var fields = element.EnumerateObject().Where(static property => !IsNothing(property.Value)).Select(static property => (Name: HeldText.Name(property) ?? "", property.Value)).OrderBy(static field => field.Name, StringComparer.Ordinal).ToList();
                Say(hash, 'o', fields.Count);
                foreach (var (name, value) in fields)
                {
                    Say(hash, name);
                    Say(hash, value);
                }
                break;
            case JsonValueKind.Array:
                Say(hash, 'a', element.GetArrayLength());
                foreach (var value in element.EnumerateArray())
                    Say(hash, value);
                break;
            case JsonValueKind.String:
                Say(hash, HeldText.Of(element) is { } text ? Number(text) ?? text : HeldText.Raw(element));
                break;
            default:
                var raw = HeldText.Raw(element);
                Say(hash, Number(raw) ?? raw);
                break;
        }
    }

    private static void Say(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Say(hash, 't', bytes.Length);
        hash.AppendData(bytes);
    }

    private static void Say(IncrementalHash hash, char kind, int count)
    {
        Span<byte> bytes = stackalloc byte[5];
        bytes[0] = (byte)kind;
        BinaryPrimitives.WriteInt32BigEndian(bytes[1..], count);
        hash.AppendData(bytes);
    }

    /// <summary>One spelling of a number; null: the text is none, as JSON has them (007 is a text).</summary>
    private static string? Number(string text)
    {
        var (at, sign) = text.StartsWith('-') ? (1, "-") : (0, "");
        var whole = Digits(text, ref at);
        if (whole.Length == 0 || (whole.Length > 1 && whole[0] == '0'))
            return null;
        var part = "";
        if (at < text.Length && text[at] == '.')
        {
            at++;
            part = Digits(text, ref at);
            if (part.Length == 0)
                return null;
        }
        var power = 0;
        if (at < text.Length && text[at] is 'e' or 'E' && !int.TryParse(text.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out power))
            return null;
        if (at < text.Length && text[at] is not ('e' or 'E'))
            return null;
        var digits = (whole + part).TrimStart('0');
        if (digits.Length == 0)
            return "0";
        var exponent = (long)power - part.Length;
        var kept = digits.TrimEnd('0');
        exponent += digits.Length - kept.Length;
        return exponent switch
        {
            >= 0 and <= MostZeros => sign + kept + new string('0', (int)exponent),
            < 0 when -exponent < kept.Length => $"{sign}{kept[..(int)(kept.Length + exponent)]}.{kept[(int)(kept.Length + exponent)..]}",
            _ => string.Create(CultureInfo.InvariantCulture, $"{sign}{kept}e{exponent}"),
        };
    }

    private static string Digits(string text, ref int at)
    {
        var first = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
            at++;
        return text[first..at];
    }
}
