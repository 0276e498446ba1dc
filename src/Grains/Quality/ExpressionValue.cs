using System.Text;
using System.Text.Json;

namespace Sophia.Quality;

internal enum ValueKind : byte
{
    /// <summary>Missing, null, or what cannot be computed.</summary>
    Unknown = 0,
    Number = 1,
    Text = 2,
    Truth = 3,
    Moment = 4,
}

/// <summary>A value within an expression.</summary>
internal readonly record struct ExpressionValue(ValueKind Kind, decimal Number = 0, string? Text = null, DateTimeOffset Moment = default)
{
    public static ExpressionValue Of(bool? truth) => truth is { } known ? new(ValueKind.Truth, known ? 1 : 0) : default;

    public static ExpressionValue Of(Cell cell) => cell.IsEmpty ? default : cell.Token switch
    {
        JsonTokenType.Number when cell.TryNumber(out var number) => new(ValueKind.Number, number),
        JsonTokenType.True or JsonTokenType.False => Of(cell.Token == JsonTokenType.True),
        _ => new(ValueKind.Text, Text: cell.Text()),
    };

    /// <summary>As a condition: a text "true" or "false" counts.</summary>
    public bool? Truth => Kind switch
    {
        ValueKind.Truth => Number != 0,
        ValueKind.Text when bool.TryParse(Text, out var truth) => truth,
        ValueKind.Unknown => null,
        _ => true,
    };

    public bool TryNumber(out decimal number)
    {
        number = Number;
        return Kind == ValueKind.Number || (Kind == ValueKind.Text && Text!.Length <= 40 && Cell.TryNumber(Encoding.UTF8.GetBytes(Text), out number));
    }

    public bool TryMoment(out DateTimeOffset moment)
    {
        moment = Moment;
        return Kind == ValueKind.Moment || (Kind == ValueKind.Text && Text!.Length <= 40 && Moments.TryParse(Encoding.UTF8.GetBytes(Text), out moment, out _));
    }

    /// <summary>Less than, equal to or more than 0; null where one is unknown; unequal kinds that nothing brings together are incomparable.</summary>
    public static int? Compare(in ExpressionValue a, in ExpressionValue b, out bool comparable)
    {
        comparable = true;
        if (a.Kind == ValueKind.Unknown || b.Kind == ValueKind.Unknown)
            return null;
        if (a.TryNumber(out var x) && b.TryNumber(out var y))
            return x.CompareTo(y);
        if (a.TryMoment(out var from) && b.TryMoment(out var to))
            return from.CompareTo(to);
        if (a is { Kind: ValueKind.Text } && b is { Kind: ValueKind.Text })
            return string.CompareOrdinal(a.Text, b.Text);
        if ((a.Kind == ValueKind.Truth || b.Kind == ValueKind.Truth) && a.Truth is { } p && b.Truth is { } q && a.Kind is ValueKind.Truth or ValueKind.Text && b.Kind is ValueKind.Truth or ValueKind.Text)
            return p.CompareTo(q);
        comparable = false;
        return 1;
    }
}
