using System.Globalization;
using System.Text;
using System.Text.Json;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>Makes values of one type. A missing field stays missing, null stays null, and a text without characters is null for every type but text.</summary>
internal sealed class CastStep(TransformDefinition definition) : TransformStep(definition)
{
    public static readonly string[] Types = ["boolean", "date", "datetime", "integer", "number", "text", "time"];

    // A bare null beside a ReadOnlyMemory would become an empty one.
    private static readonly ReadOnlyMemory<byte>? Nothing = new ReadOnlyMemory<byte>?();

    public override bool Do(TransformRow row, TransformNotes notes)
    {
        foreach (var field in Definition.Fields)
        {
            var index = row.Find(field.Name);
            if (index < 0)
                continue;
            var json = row.JsonAt(index);
            if (TransformJson.TokenOf(json.Span) == JsonTokenType.Null)
                continue;
            if (Cast(json, field) is { } made)
                row.Set(index, made);
            else if (field.NullOnFailure)
            {
                row.Set(index, TransformJson.Null);
                notes.Null();
            }
            else
                notes.Wrong(field.Name, $"cast:{field.Name}", TransformJson.Shown(json.Span), Expected(field), "The source's value cannot be read so. Correct it, change the cast, or say onFailure: null.");
        }
        return true;
    }

    public static ExpressionType TypeOf(string type) => type switch
    {
        "integer" or "number" => ExpressionType.Number,
        "boolean" => ExpressionType.Boolean,
        "date" or "datetime" => ExpressionType.Moment,
        _ => ExpressionType.Text,
    };

    /// <summary>Whether a format can be read: day and month names, and letters that mean nothing, are not.</summary>
    public static bool IsFormat(string format)
    {
        if (format.Length is 0 or > 60)
            return false;
        for (var i = 0; i < format.Length; i++)
            if (char.IsAsciiLetter(format[i]) && !"yMdHhmsftzK".Contains(format[i], StringComparison.Ordinal) && format[i] is not ('T' or 'Z'))
                return false;
        return format.Contains("yy", StringComparison.Ordinal) || format.Contains('H', StringComparison.Ordinal) || format.Contains('h', StringComparison.Ordinal);
    }

    private static string Expected(TransformField field) => (field.Value, field.Argument) switch
    {
        ("integer", _) => "a whole number such as 42",
        ("number", _) => "a number such as 12.50",
        ("boolean", _) => "one of true, false, yes, no, 1, 0",
        ("text", _) => "a single value, no object or list",
        ("date", "") => "a date such as 2024-01-31",
        ("datetime", "") => "a date and time such as 2024-01-31T13:45:00Z",
        ("time", "") => "a time of day such as 13:45 or 13:45:00",
        var (_, format) => $"a {field.Value} written as {format}",
    };

    private static ReadOnlyMemory<byte>? Cast(ReadOnlyMemory<byte> json, TransformField field)
    {
        var token = TransformJson.TokenOf(json.Span);
        if (token is JsonTokenType.StartObject or JsonTokenType.StartArray)
            return null;
        if (field.Value == "text")
            return token == JsonTokenType.String ? json : TransformJson.Text(Encoding.UTF8.GetString(json.Span));
        if (token == JsonTokenType.String && json.Length == 2)
            return TransformJson.Null;
        var plain = token == JsonTokenType.String && json.Span.IndexOf((byte)'\\') < 0 ? json[1..^1]
            : token == JsonTokenType.String ? Encoding.UTF8.GetBytes(TransformJson.Shown(json.Span)) : json;
        while (plain.Length > 0 && plain.Span[0] == ' ')
            plain = plain[1..];
        while (plain.Length > 0 && plain.Span[^1] == ' ')
            plain = plain[..^1];
        return field.Value switch
        {
            "number" => token is JsonTokenType.String or JsonTokenType.Number ? Number(plain) : null,
            "integer" => token is JsonTokenType.String or JsonTokenType.Number ? Integer(plain.Span) : null,
            "boolean" => Boolean(plain.Span),
            _ => token == JsonTokenType.String || field.Argument.Length > 0 ? Moment(plain.Span, field) : null,
        };
    }

    // A number that JSON can write stays as it is written, whatever its length: nothing is rounded.
    private static ReadOnlyMemory<byte>? Number(ReadOnlyMemory<byte> text) =>
        TransformJson.IsNumber(text.Span) ? text : Decimal(text.Span) is { } number ? TransformJson.Number(number) : Nothing;

    private static ReadOnlyMemory<byte>? Integer(ReadOnlySpan<byte> text) =>
        Decimal(text) is { } number && number == decimal.Truncate(number) ? TransformJson.Number(decimal.Truncate(number)) : Nothing;

    private static decimal? Decimal(ReadOnlySpan<byte> text) =>
        text.Length <= 60 && decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static ReadOnlyMemory<byte>? Boolean(ReadOnlySpan<byte> text) => text.Length > 5 ? Nothing : Encoding.UTF8.GetString(text).ToLowerInvariant() switch
    {
        "true" or "yes" or "1" => TransformJson.True,
        "false" or "no" or "0" => TransformJson.False,
        _ => Nothing,
    };

    private static ReadOnlyMemory<byte>? Moment(ReadOnlySpan<byte> text, TransformField field)
    {
        if (text.Length is 0 or > 60)
            return null;
        DateTimeOffset moment;
        if (field.Argument.Length > 0)
        {
            if (!DateTimeOffset.TryParseExact(Encoding.UTF8.GetString(text), field.Argument, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out moment))
                return null;
        }
        else if (field.Value == "time")
        {
            if (!Moments.TryTime(ref text, out var ticks) || !(text.IsEmpty || text.SequenceEqual("Z"u8)))
                return null;
            moment = new DateTimeOffset(ticks, TimeSpan.Zero);
        }
        else if (!Moments.TryParse(text, out moment, out var hasTime) || (hasTime && field.Value == "date"))
            return null;
        return TransformJson.Text(field.Value switch
        {
            "date" => moment.DateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            "time" => moment.DateTime.ToString("HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture),
            _ => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
        });
    }
}
