namespace Sophia.Quality;

/// <summary>Reads ISO 8601 dates and times as data has them: <c>2024-01-31</c>, or with <c>T</c> or a blank a time of day, fractions and an offset. Without an offset it is UTC.</summary>
internal static class Moments
{
    public static bool TryParse(ReadOnlySpan<byte> text, out DateTimeOffset moment, out bool hasTime)
    {
        moment = default;
        hasTime = text.Length > 10;
        if (text.Length is < 10 or > 40 || text[4] != '-' || text[7] != '-'
            || !Digits(text[..4], out var year) || !Digits(text[5..7], out var month) || !Digits(text[8..10], out var day)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
            return false;
        var ticks = new DateTime(year, month, day).Ticks;
        var offset = TimeSpan.Zero;
        if (hasTime)
        {
            var rest = text[11..];
            if (text[10] is not ((byte)'T' or (byte)'t' or (byte)' ') || !TryTime(ref rest, out var time) || !TryOffset(rest, out offset))
                return false;
            ticks += time;
        }
        var utc = ticks - offset.Ticks;
        if (utc < 0 || utc > DateTime.MaxValue.Ticks || ticks > DateTime.MaxValue.Ticks)
            return false;
        moment = new DateTimeOffset(utc, TimeSpan.Zero);
        return true;
    }

    /// <summary>Reads hh:mm, hh:mm:ss or hh:mm:ss.fff from the front; what follows stays in <paramref name="text"/>.</summary>
    public static bool TryTime(ref ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length < 5 || text[2] != ':' || !Digits(text[..2], out var hour) || !Digits(text[3..5], out var minute) || hour > 23 || minute > 59)
            return false;
        ticks = (hour * 60L + minute) * TimeSpan.TicksPerMinute;
        text = text[5..];
        if (text.Length < 3 || text[0] != ':')
            return true;
        if (!Digits(text[1..3], out var second) || second > 60)
            return false;
        ticks += Math.Min(second, 59) * TimeSpan.TicksPerSecond;
        text = text[3..];
        if (text.IsEmpty || text[0] is not ((byte)'.' or (byte)','))
            return true;
        var places = 1;
        for (var unit = TimeSpan.TicksPerSecond / 10; places < text.Length && text[places] is >= (byte)'0' and <= (byte)'9'; places++, unit /= 10)
            ticks += (text[places] - '0') * unit;
        text = text[places..];
        return places > 1;
    }

    private static bool TryOffset(ReadOnlySpan<byte> text, out TimeSpan offset)
    {
        offset = TimeSpan.Zero;
        text = text.TrimStart((byte)' ');
        if (text.IsEmpty || text.SequenceEqual("Z"u8) || text.SequenceEqual("z"u8) || text.SequenceEqual("UTC"u8))
            return true;
        var sign = text[0] == '-' ? -1 : text[0] == '+' ? 1 : 0;
        var digits = text[1..];
        var colon = digits.Length > 2 && digits[2] == ':' ? 1 : 0;
        var minutes = 0;
        if (sign == 0 || digits.Length is not (2 or 4 or 5) || (digits.Length == 5) != (colon == 1) || !Digits(digits[..2], out var hours)
            || (digits.Length > 2 && !Digits(digits[(2 + colon)..], out minutes)) || hours > 14 || minutes > 59)
            return false;
        offset = TimeSpan.FromMinutes(sign * (hours * 60 + minutes));
        return true;
    }

    private static bool Digits(ReadOnlySpan<byte> text, out int number)
    {
        number = 0;
        foreach (var b in text)
        {
            if (b is < (byte)'0' or > (byte)'9')
                return false;
            number = number * 10 + (b - '0');
        }
        return true;
    }
}
