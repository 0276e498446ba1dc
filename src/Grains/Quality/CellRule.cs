using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sophia.Pipelines;

namespace Sophia.Quality;

/// <summary>A rule on one cell that has a value, ready to be asked.</summary>
/// <param name="Field">The field's number in the rule set's map.</param>
internal sealed record CellRule(RuleDefinition Definition, int Field, CellTest Test, string Expected, string? Hint)
{
    /// <summary>How long one pattern may take on one value.</summary>
    public static readonly TimeSpan PatternTimeout = TimeSpan.FromMilliseconds(50);

    /// <exception cref="RuleException">An argument is missing or cannot be read.</exception>
    public static CellRule Compile(RuleDefinition rule, int field) => rule.Kind switch
    {
        RuleKind.Type => OfType(rule, field),
        RuleKind.Format => OfFormat(rule, field),
        RuleKind.Range => OfRange(rule, field),
        RuleKind.Enum => OfEnum(rule, field),
        RuleKind.Pattern => OfPattern(rule, field),
        _ => OfAge(rule, field),
    };

    private static CellRule OfType(RuleDefinition rule, int field)
    {
        CellTest test = Argument(rule, "type") switch
        {
            "string" => static (in cell, now) => cell.IsText,
            "number" => static (in cell, now) => cell.TryNumber(out _),
            "integer" => static (in cell, now) => cell.TryNumber(out var number) && number == decimal.Truncate(number),
            "boolean" => static (in cell, now) => cell.Token is JsonTokenType.True or JsonTokenType.False || (cell.IsText && bool.TryParse(cell.Text(), out _)),
            "date" => static (in cell, now) => cell.TryMoment(out _, out var time) && !time,
            "datetime" => static (in cell, now) => cell.TryMoment(out _, out var time) && time,
            "object" => static (in cell, now) => cell.Token == JsonTokenType.StartObject,
            "array" => static (in cell, now) => cell.Token == JsonTokenType.StartArray,
            var other => throw new RuleException(rule, $"type \"{other}\" is not one of string, number, integer, boolean, date, datetime, object, array"),
        };
        var type = Argument(rule, "type");
        return new CellRule(rule, field, test, $"{(type is "integer" or "object" or "array" ? "an" : "a")} {type}", type switch
        {
            "date" => "Write it as 2024-01-31.",
            "datetime" => "Write it as 2024-01-31T13:45:00Z.",
            "number" or "integer" => "Digits and a decimal point only; no thousands separator, no unit.",
            _ => null,
        });
    }

    private static CellRule OfFormat(RuleDefinition rule, int field)
    {
        if (!Formats.All.TryGetValue(Argument(rule, "format"), out var format))
            throw new RuleException(rule, $"format \"{Argument(rule, "format")}\" is not one of {string.Join(", ", Formats.All.Keys.Order(StringComparer.Ordinal))}");
        return new CellRule(rule, field, (in cell, now) => cell.IsText && format.Test(cell.Bytes), format.Expected, format.Hint);
    }

    private static CellRule OfRange(RuleDefinition rule, int field)
    {
        var (min, max) = (rule.Arguments.GetValueOrDefault("min"), rule.Arguments.GetValueOrDefault("max"));
        var expected = (min, max) switch { (not null, not null) => $"{min} to {max}", (not null, _) => $"at least {min}", (_, not null) => $"at most {max}", _ => throw new RuleException(rule, "range has neither min nor max") };
        if (TryBounds(min, max, ParseNumber, out var least, out var most))
            return new CellRule(rule, field, (in cell, now) => cell.TryNumber(out var number) && (least is null || number >= least) && (most is null || number <= most), expected, null);
        if (TryBounds(min, max, ParseMoment, out var from, out var until))
            return new CellRule(rule, field, (in cell, now) => cell.TryMoment(out var moment, out var _) && (from is null || moment >= from) && (until is null || moment <= until), expected, "Dates are written as 2024-01-31.");
        throw new RuleException(rule, $"range {expected}: both bounds must be numbers, or both dates such as 2024-01-31");
    }

    private static CellRule OfEnum(RuleDefinition rule, int field)
    {
        if (rule.Values.Count == 0)
            throw new RuleException(rule, "enum has no values");
        byte[][] values = [.. rule.Values.Select(Encoding.UTF8.GetBytes)];
        var shown = Cell.Clip(string.Join(", ", rule.Values.Take(20)) + (rule.Values.Count > 20 ? ", …" : ""));
        return new CellRule(rule, field, (in cell, now) =>
        {
            if (cell.IsScalar)
                foreach (var value in values)
                    if (cell.Bytes.SequenceEqual(value))
                        return true;
            return false;
        }, $"one of {shown}", "Case and blanks count.");
    }

    private static CellRule OfPattern(RuleDefinition rule, int field)
    {
        var pattern = Argument(rule, "pattern");
        Func<ReadOnlySpan<char>, bool> matches = PatternOf(rule, pattern).IsMatch;
        return new CellRule(rule, field, (in cell, now) =>
        {
            try
            {
                return cell.IsScalar && cell.Ask(matches);
            }
            catch (RegexMatchTimeoutException)
            {
                return false;
            }
        }, $"a match of {Cell.Clip(pattern)}", null);
    }

    private static Regex PatternOf(RuleDefinition rule, string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, PatternTimeout);
        }
        catch (Exception wrong) when (wrong is ArgumentException or NotSupportedException)
        {
            throw new RuleException(rule, $"pattern cannot be read: {wrong.Message}");
        }
    }

    private static CellRule OfAge(RuleDefinition rule, int field)
    {
        if (!Durations.TryParse(Argument(rule, "maxAge"), out var maxAge))
            throw new RuleException(rule, $"maxAge \"{Argument(rule, "maxAge")}\" is not {Durations.Expectation}");
        return new CellRule(rule, field, (in cell, now) => cell.TryMoment(out var moment, out var _) && now - moment <= maxAge,
            $"a date at most {Argument(rule, "maxAge")} ago", "Dates are written as 2024-01-31 or 2024-01-31T13:45:00Z.");
    }

    private static string Argument(RuleDefinition rule, string name) =>
        rule.Arguments.TryGetValue(name, out var value) && value.Length > 0 ? value : throw new RuleException(rule, $"{name} is missing");

    private static decimal? ParseNumber(string text) => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static DateTimeOffset? ParseMoment(string text) => Moments.TryParse(Encoding.UTF8.GetBytes(text), out var moment, out _) ? moment : null;

    private static bool TryBounds<T>(string? min, string? max, Func<string, T?> parse, out T? least, out T? most) where T : struct
    {
        (least, most) = (min is null ? null : parse(min), max is null ? null : parse(max));
        return (min is null) == (least is null) && (max is null) == (most is null);
    }
}

internal delegate bool CellTest(in Cell cell, DateTimeOffset now);

/// <summary>A rule that cannot be used as it is stated.</summary>
internal sealed class RuleException(RuleDefinition rule, string what) : Exception($"rule \"{rule.Name}\"{(rule.Line > 0 ? $" (line {rule.Line})" : "")}: {what}");
