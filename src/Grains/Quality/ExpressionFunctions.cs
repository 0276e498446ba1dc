using System.Globalization;

namespace Sophia.Quality;

/// <summary>What an expression is known to be before any record was seen.</summary>
internal enum ExpressionType
{
    /// <summary>Whatever the record holds: texts that are numbers or dates count as such.</summary>
    Any = 0,
    Text = 1,
    Number = 2,
    Boolean = 3,
    Moment = 4,
}

/// <summary>A function of the expression language: what it takes, what it gives, and how. A missing argument makes the answer missing, except where it says otherwise.</summary>
/// <param name="Optional">How many of the last parameters may be left out.</param>
/// <param name="Repeats">The last parameter may be given any number of times.</param>
/// <param name="TakesMissing">It is asked even where an argument is missing.</param>
internal sealed record ExpressionFunction(string Name, ExpressionType[] Parameters, ExpressionType Result, Func<ExpressionValue[], ExpressionValue> Of, int Optional = 0, bool Repeats = false, bool TakesMissing = false)
{
    /// <summary>The longest text that a function makes, in UTF-16 units.</summary>
    public const int MaxText = 1 << 20;

    public static readonly IReadOnlyDictionary<string, ExpressionFunction> All = new ExpressionFunction[]
    {
        new("len", [ExpressionType.Any], ExpressionType.Number, a => Shown(a[0]) is { } text ? Number(text.Length) : default),
        new("lower", [ExpressionType.Text], ExpressionType.Text, a => Text(Shown(a[0])?.ToLowerInvariant())),
        new("upper", [ExpressionType.Text], ExpressionType.Text, a => Text(Shown(a[0])?.ToUpperInvariant())),
        new("trim", [ExpressionType.Text], ExpressionType.Text, a => Text(Shown(a[0])?.Trim())),
        new("concat", [ExpressionType.Any], ExpressionType.Text, a => Text(string.Concat(a.Select(Shown))), Repeats: true, TakesMissing: true),
        new("substr", [ExpressionType.Text, ExpressionType.Number, ExpressionType.Number], ExpressionType.Text, Substring, Optional: 1),
        new("replace", [ExpressionType.Text, ExpressionType.Text, ExpressionType.Text], ExpressionType.Text, Replace),
        new("contains", [ExpressionType.Text, ExpressionType.Text], ExpressionType.Boolean, a => Asked(a, static (text, part) => text.Contains(part, StringComparison.Ordinal))),
        new("starts", [ExpressionType.Text, ExpressionType.Text], ExpressionType.Boolean, a => Asked(a, static (text, part) => text.StartsWith(part, StringComparison.Ordinal))),
        new("ends", [ExpressionType.Text, ExpressionType.Text], ExpressionType.Boolean, a => Asked(a, static (text, part) => text.EndsWith(part, StringComparison.Ordinal))),
        new("text", [ExpressionType.Any], ExpressionType.Text, a => Text(Shown(a[0]))),
        new("number", [ExpressionType.Any], ExpressionType.Number, a => a[0].TryNumber(out var number) ? Number(number) : default),
        new("date", [ExpressionType.Any], ExpressionType.Moment, a => a[0].TryMoment(out var moment) ? Moment(moment) : default),
        new("round", [ExpressionType.Number, ExpressionType.Number], ExpressionType.Number, Round, Optional: 1),
        new("floor", [ExpressionType.Number], ExpressionType.Number, a => a[0].TryNumber(out var number) ? Number(decimal.Floor(number)) : default),
        new("ceil", [ExpressionType.Number], ExpressionType.Number, a => a[0].TryNumber(out var number) ? Number(decimal.Ceiling(number)) : default),
        new("abs", [ExpressionType.Number], ExpressionType.Number, a => a[0].TryNumber(out var number) ? Number(Math.Abs(number)) : default),
        new("year", [ExpressionType.Moment], ExpressionType.Number, a => Part(a, static moment => moment.Year)),
        new("month", [ExpressionType.Moment], ExpressionType.Number, a => Part(a, static moment => moment.Month)),
        new("day", [ExpressionType.Moment], ExpressionType.Number, a => Part(a, static moment => moment.Day)),
        new("adddays", [ExpressionType.Moment, ExpressionType.Number], ExpressionType.Moment, AddDays),
        new("coalesce", [ExpressionType.Any], ExpressionType.Any, a => a.FirstOrDefault(value => value.Kind != ValueKind.Unknown), Repeats: true, TakesMissing: true),
        new("if", [ExpressionType.Boolean, ExpressionType.Any, ExpressionType.Any], ExpressionType.Any, a => a[0].Truth == true ? a[1] : a[2], TakesMissing: true),
    }.ToDictionary(function => function.Name, StringComparer.Ordinal);

    public bool Takes(int arguments) => arguments >= Parameters.Length - Optional && (Repeats || arguments <= Parameters.Length);

    public ExpressionType ParameterOf(int index) => Parameters[Math.Min(index, Parameters.Length - 1)];

    /// <summary>A value as text; null where there is none.</summary>
    public static string? Shown(ExpressionValue value) => value.Kind switch
    {
        ValueKind.Text => value.Text,
        ValueKind.Number => value.Number.ToString(CultureInfo.InvariantCulture),
        ValueKind.Truth => value.Number != 0 ? "true" : "false",
        ValueKind.Moment => Written(value.Moment),
        _ => null,
    };

    /// <summary>2024-01-31 for a midnight of UTC, else 2024-01-31T13:45:00Z with as many places as there are.</summary>
    public static string Written(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString(moment.UtcDateTime.TimeOfDay == TimeSpan.Zero ? "yyyy-MM-dd" : "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    private static ExpressionValue Text(string? text) => text is null or { Length: > MaxText } ? default : new(ValueKind.Text, Text: text);

    private static ExpressionValue Number(decimal number) => new(ValueKind.Number, number);

    private static ExpressionValue Moment(DateTimeOffset moment) => new(ValueKind.Moment, Moment: moment);

    private static ExpressionValue Asked(ExpressionValue[] a, Func<string, string, bool> ask) =>
        Shown(a[0]) is { } text && Shown(a[1]) is { } part ? ExpressionValue.Of(ask(text, part)) : default;

    private static ExpressionValue Part(ExpressionValue[] a, Func<DateTime, int> part) => a[0].TryMoment(out var moment) ? Number(part(moment.UtcDateTime)) : default;

    /// <summary>Characters count from 1, as in SQL.</summary>
    private static ExpressionValue Substring(ExpressionValue[] a)
    {
        if (Shown(a[0]) is not { } text || !a[1].TryNumber(out var from) || from != decimal.Truncate(from))
            return default;
        var length = (decimal)text.Length;
        if (a.Length > 2 && (!a[2].TryNumber(out length) || length != decimal.Truncate(length)))
            return default;
        var start = (int)Math.Clamp(from - 1, 0, text.Length);
        return Text(text.Substring(start, (int)Math.Clamp(length, 0, text.Length - start)));
    }

    private static ExpressionValue Replace(ExpressionValue[] a) =>
        Shown(a[0]) is { } text && Shown(a[1]) is { Length: > 0 } from && Shown(a[2]) is { } to && (long)text.Length * Math.Max(1, to.Length) <= MaxText
            ? Text(text.Replace(from, to, StringComparison.Ordinal)) : default;

    private static ExpressionValue Round(ExpressionValue[] a)
    {
        decimal places = 0;
        return a[0].TryNumber(out var number) && (a.Length < 2 || a[1].TryNumber(out places)) && places is >= 0 and <= 28
            ? Number(Math.Round(number, (int)places, MidpointRounding.AwayFromZero)) : default;
    }

    private static ExpressionValue AddDays(ExpressionValue[] a)
    {
        if (!a[0].TryMoment(out var moment) || !a[1].TryNumber(out var days))
            return default;
        var ticks = moment.UtcTicks + days * TimeSpan.TicksPerDay;
        return ticks >= 0 && ticks <= DateTime.MaxValue.Ticks ? Moment(new DateTimeOffset((long)ticks, TimeSpan.Zero)) : default;
    }
}
