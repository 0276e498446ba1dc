using System.Collections.Frozen;
using System.Net;
using System.Text;

namespace Sophia.Quality;

/// <summary>The named formats of the format rule: a test of the text, what it asks for, and a hint.</summary>
internal static class Formats
{
    public static readonly IReadOnlyDictionary<string, Format> All = new Dictionary<string, Format>(StringComparer.Ordinal)
    {
        ["email"] = new(IsEmail, "an e-mail address such as name@example.org", "Look for blanks, a missing @ or a second address."),
        ["uri"] = new(IsUri, "an absolute address such as https://example.org/page", "Give the scheme (https://) too."),
        ["url"] = new(IsUri, "an absolute address such as https://example.org/page", "Give the scheme (https://) too."),
        ["uuid"] = new(text => text.Length == 36 && Guid.TryParseExact(Encoding.UTF8.GetString(text), "D", out _), "a UUID such as 123e4567-e89b-12d3-a456-426614174000", "It has 32 hexadecimal digits in groups of 8-4-4-4-12."),
        ["date"] = new(text => Moments.TryParse(text, out _, out var time) && !time, "a date such as 2024-01-31", "Write year, month and day with dashes."),
        ["datetime"] = new(text => Moments.TryParse(text, out _, out var time) && time, "a date and time such as 2024-01-31T13:45:00Z", "Write date, T, time and offset."),
        ["time"] = new(text => Moments.TryTime(ref text, out _) && (text.IsEmpty || text.SequenceEqual("Z"u8)), "a time of day such as 13:45 or 13:45:00", "Use 24 hours."),
        ["phone"] = new(IsPhone, "a telephone number such as +49 30 1234567", "7 to 15 digits, with blanks, dots, dashes and brackets at most."),
        ["ipv4"] = new(IsIpv4, "an IPv4 address such as 192.0.2.1", "Four numbers of 0 to 255 with dots."),
        ["ipv6"] = new(text => text.Contains((byte)':') && text.Length <= 45 && IPAddress.TryParse(Encoding.UTF8.GetString(text), out _), "an IPv6 address such as 2001:db8::1", "Groups of hexadecimal digits with colons."),
        ["country"] = new(OneOf(Countries, 2), "a country code of two letters (ISO 3166) such as DE", "Write the code in capitals, not the name."),
        ["currency"] = new(OneOf(Currencies, 3), "a currency code of three letters (ISO 4217) such as EUR", "Write the code in capitals, not the sign."),
    };

    private const string Countries =
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ " +
        "DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
        "KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM " +
        "PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
        "UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

    private const string Currencies =
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP " +
        "GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR " +
        "MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY " +
        "TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL";

    private static bool IsEmail(ReadOnlySpan<byte> text)
    {
        var at = text.IndexOf((byte)'@');
        if (at is < 1 or > 64 || text.Length > 254 || text.IndexOfAny(" \t\r\n,;:<>()[]\""u8) >= 0 || text.LastIndexOf((byte)'@') != at)
            return false;
        var local = text[..at];
        return local[0] != '.' && local[^1] != '.' && local.IndexOf(".."u8) < 0 && IsDomain(text[(at + 1)..]);
    }

    private static bool IsDomain(ReadOnlySpan<byte> domain)
    {
        if (domain.Length > 253 || domain.IndexOf((byte)'.') < 1)
            return false;
        foreach (var range in domain.Split((byte)'.'))
        {
            var label = domain[range];
            if (label.Length is < 1 or > 63 || label[0] == '-' || label[^1] == '-')
                return false;
            foreach (var b in label)
                if (b is not ((>= (byte)'a' and <= (byte)'z') or (>= (byte)'A' and <= (byte)'Z') or (>= (byte)'0' and <= (byte)'9') or (byte)'-' or >= 0x80))
                    return false;
        }
        return true;
    }

    private static bool IsUri(ReadOnlySpan<byte> text) =>
        text.Length <= 8_192 && text.IndexOfAny(" \t\r\n<>\""u8) < 0 && text.IndexOf((byte)':') > 0
        && Uri.TryCreate(Encoding.UTF8.GetString(text), UriKind.Absolute, out var uri) && uri.Scheme != "file" && (uri.Host.Length > 0 || uri.Scheme is "mailto" or "urn" or "tel");

    private static bool IsPhone(ReadOnlySpan<byte> text)
    {
        var digits = 0;
        for (var i = 0; i < text.Length; i++)
            if (text[i] is >= (byte)'0' and <= (byte)'9')
                digits++;
            else if (text[i] is not ((byte)' ' or (byte)'-' or (byte)'.' or (byte)'(' or (byte)')' or (byte)'/') && !(text[i] == '+' && i == 0))
                return false;
        return digits is >= 7 and <= 15;
    }

    private static bool IsIpv4(ReadOnlySpan<byte> text)
    {
        var parts = 0;
        foreach (var range in text.Split((byte)'.'))
        {
            var part = text[range];
            var number = 0;
            if (part.Length is < 1 or > 3 || (part.Length > 1 && part[0] == '0'))
                return false;
            foreach (var b in part)
                number = b is >= (byte)'0' and <= (byte)'9' ? number * 10 + (b - '0') : 1_000;
            if (number > 255)
                return false;
            parts++;
        }
        return parts == 4;
    }

    private static FormatTest OneOf(string codes, int length)
    {
        var known = codes.Split(' ').Select(code => NumberOf(Encoding.ASCII.GetBytes(code))).ToFrozenSet();
        return text => text.Length == length && known.Contains(NumberOf(text));
    }

    private static int NumberOf(ReadOnlySpan<byte> code)
    {
        var number = 0;
        foreach (var letter in code)
            number = number << 8 | letter;
        return number;
    }
}

internal delegate bool FormatTest(ReadOnlySpan<byte> text);

internal sealed record Format(FormatTest Test, string Expected, string Hint);
