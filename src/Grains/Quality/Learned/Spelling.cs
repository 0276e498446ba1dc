using System.Text;

namespace Sophia.Quality;

/// <summary>Finds values that are rare and a few letters away from one that is common, such as "hospixal" beside "hospital".</summary>
internal static class Spelling
{
    /// <summary>How many times as common the other value must be, and how common at least.</summary>
    public const int TimesAsCommon = 10;

    /// <summary>Shorter values are not compared: a letter is too much of them.</summary>
    public const int LeastLength = 4;

    public const int MostLetters = 4;

    /// <summary>A field in which more than this share of the values differ is no list of names.</summary>
    public const double MostDistinct = 0.3;

    /// <summary>Different values compared in one field.</summary>
    public const int MostValues = 5_000;

    /// <summary>By value as it is written: the common one that it resembles. Digits do not count, so "37 patients" does not resemble "38 patients".</summary>
    public static IReadOnlyDictionary<string, string> Discover(TableColumn column, int records)
    {
        var masked = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var value in column.Commonest().Take(MostValues * 4))
            if (value.Token == System.Text.Json.JsonTokenType.String)
                masked[Masked(value.Text)] = masked.GetValueOrDefault(Masked(value.Text)) + value.Count;
        var meant = new Dictionary<string, string>(StringComparer.Ordinal);
        if (masked.Count is < 2 or > MostValues || masked.Count > MostDistinct * records)
            return meant;
        var common = masked.Where(pair => pair.Value >= TimesAsCommon && pair.Key.Any(char.IsLetter)).OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).ToArray();
        var resembles = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (value, count) in masked)
            if (value.Length >= LeastLength)
                foreach (var (other, times) in common)
                    if (times < (long)TimesAsCommon * count)
                        break;
                    else if (AreAlike(value, other))
                    {
                        resembles[value] = other;
                        break;
                    }
        foreach (var value in column.Commonest())
            if (resembles.TryGetValue(Masked(value.Text), out var other))
                meant[value.Text] = other;
        return meant;
    }

    /// <summary>Whether few letters differ, and in no word more than a third of it where both have as many words.</summary>
    public static bool AreAlike(string value, string other)
    {
        var most = Math.Clamp(value.Length / 5, 1, MostLetters);
        if (value == other || Distance(value, other, most) > most)
            return false;
        string[] words = Words(value), others = Words(other);
        return words.Length != others.Length || words.Zip(others).All(pair => Distance(pair.First, pair.Second, MostLetters) <= Math.Max(1, pair.Second.Length / 3));
    }

    private static string[] Words(string text) => text.Split([' ', '-', '_', '/', '.', ','], StringSplitOptions.RemoveEmptyEntries);

    private static string Masked(string text)
    {
        var masked = new StringBuilder(text.Length);
        foreach (var c in text)
            if (!char.IsDigit(c))
                masked.Append(c);
            else if (masked.Length == 0 || masked[^1] != '9')
                masked.Append('9');
        return masked.ToString();
    }

    /// <summary>Insertions, deletions and replacements between two texts; more than <paramref name="most"/> where there are more.</summary>
    private static int Distance(string a, string b, int most)
    {
        if (Math.Abs(a.Length - b.Length) > most)
            return most + 1;
        var (above, row) = (new int[b.Length + 1], new int[b.Length + 1]);
        for (var j = 0; j <= b.Length; j++)
            above[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            var least = i;
            for (var j = 1; j <= b.Length; j++)
            {
                row[j] = Math.Min(Math.Min(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                least = Math.Min(least, row[j]);
            }
            if (least > most)
                return most + 1;
            (above, row) = (row, above);
        }
        return above[b.Length];
    }
}
