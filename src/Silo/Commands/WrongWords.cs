using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text.RegularExpressions;

namespace Sophia.Commands;

/// <summary>Says in one line each which words of a command line cannot be meant, and shows no more of them than a reader wants.</summary>
internal static partial class WrongWords
{
    /// <summary>Characters of a quoted word that are shown.</summary>
    public const int MostShown = 100;

    /// <summary>What to say of words that are not what their place takes; null where usage says it better, or nothing is wrong.</summary>
    public static string? Of(ParseResult parsed) =>
        parsed.Action is ParseErrorAction && parsed.Errors.Any(error => error.Message.Length > 2 * MostShown || TypePart().IsMatch(error.Message))
            ? string.Join('\n', parsed.Errors.Select(error => Cut(TypePart().Replace(error.Message, static part => $": it is no {Kind(part.Groups["type"].Value)}."))))
            : null;

    /// <summary>A text whose quoted words are at most <see cref="MostShown"/> characters long.</summary>
    public static string Cut(string text) => Quoted().Replace(text, static word => word.Length <= MostShown + 2 ? word.Value : $"{word.Value[0]}{word.Value[1..(MostShown + 1)]}…{word.Value[0]}");

    private static string Kind(string type) => type switch
    {
        nameof(Int32) => FormattableString.Invariant($"whole number from {int.MinValue} to {int.MaxValue}"),
        nameof(Int64) => FormattableString.Invariant($"whole number from {long.MinValue} to {long.MaxValue}"),
        nameof(Double) or nameof(Single) or nameof(Decimal) => "number",
        nameof(DateTimeOffset) or nameof(DateTime) => "time, such as 2026-01-31 or 2026-01-31T12:00:00Z",
        nameof(TimeSpan) => "length of time, such as 00:05:00",
        nameof(Boolean) => "true or false",
        _ => "such value",
    };

    [GeneratedRegex(@" as expected type '(System\.Nullable`1\[)?([\w.]*\.)?(?<type>\w+)\]?'\.( Did you mean.*)?", RegexOptions.Singleline)]
    private static partial Regex TypePart();

    [GeneratedRegex("\"[^\"]*\"|(?<!\\w)'[^']*'")]
    private static partial Regex Quoted();
}
