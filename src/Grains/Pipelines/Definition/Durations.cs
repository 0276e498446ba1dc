using System.Globalization;

namespace Sophia.Pipelines;

/// <summary>Durations as people write them: a number and one of ms, s, m, h, d, w ("90s", "1.5h", "30d").</summary>
public static class Durations
{
    public const string Expectation = "a duration such as 90s, 5m, 12h or 30d";

    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = default;
        text = text?.Trim();
        if (string.IsNullOrEmpty(text))
            return false;
        var digits = text.AsSpan().TrimEnd("abcdefghijklmnopqrstuvwxyz ");
        var unit = text.AsSpan(digits.Length).Trim();
        var seconds = unit switch { "ms" => 0.001, "s" => 1d, "m" or "min" => 60, "h" => 3_600, "d" => 86_400, "w" => 604_800, _ => 0 };
        if (seconds == 0 || !double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number * seconds > TimeSpan.MaxValue.TotalSeconds / 2)
            return false;
        duration = TimeSpan.FromSeconds(number * seconds);
        return true;
    }
}
