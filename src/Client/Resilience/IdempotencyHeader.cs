using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Primitives;

namespace Sophia.Resilience;

/// <summary>Reads the header Idempotency-Key: an RFC 8941 item that is a string. Parameters are read over, as the RFC says of those that nobody knows.</summary>
internal static partial class IdempotencyHeader
{
    public const string Name = "Idempotency-Key";

    /// <summary>Said of an answer that was told before.</summary>
    public const string Replayed = "Idempotent-Replayed";

    /// <summary>False, and why in one sentence, where the header cannot be meant.</summary>
    public static bool TryRead(StringValues values, [NotNullWhen(true)] out string? key, [NotNullWhen(false)] out string? fault)
    {
        (key, fault) = (null, null);
        var text = values.Count == 1 ? values[0]!.Trim(' ') : "";
        if (values.Count != 1)
            fault = "The header stands there more than once.";
        else if (text.Length == 0 || text[0] != '"')
            fault = "A key is a quoted string, such as Idempotency-Key: \"8e03978e-40d5-43dd-bc93-6894a57f9324\".";
        else if (Closed(text, out key) is not { } rest)
            fault = "The string is not closed, or has a character in it that none has: only visible ASCII and blanks, a quote and a backslash after a backslash.";
        else if (!Parameters().IsMatch(rest))
            fault = "Something stands after the string that is no parameter.";
        else if (key!.Length is 0 or > IdempotencyKey.MaxLength)
            fault = $"A key has 1 to {IdempotencyKey.MaxLength} characters.";
        if (fault is not null)
            key = null;
        return fault is null;
    }

    /// <summary>The string, and what stands after it; null where it is none.</summary>
    private static string? Closed(string text, out string? value)
    {
        value = null;
        var found = new StringBuilder();
        for (var at = 1; at < text.Length; at++)
        {
            var c = text[at];
            if (c == '"')
            {
                value = found.ToString();
                return text[(at + 1)..];
            }
            if (c == '\\')
            {
                if (++at == text.Length || text[at] is not ('"' or '\\'))
                    return null;
                c = text[at];
            }
            else if (c is < ' ' or > '~')
                return null;
            found.Append(c);
        }
        return null;
    }

    [GeneratedRegex("""^(;[ ]*[a-z*][a-z0-9_\-.*]*(=("([ !#-\[\]-~]|\\["\\])*"|[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*|-?[0-9]{1,15}(\.[0-9]{1,3})?|:[A-Za-z0-9+/=]*:|\?[01]))?)*$""", RegexOptions.NonBacktracking, 1000)]
    private static partial Regex Parameters();
}
