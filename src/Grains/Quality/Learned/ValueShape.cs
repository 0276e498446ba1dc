using System.Text;

namespace Sophia.Quality;

/// <summary>What kinds of characters a value is made of, in their order: "12.0 oz" is "9.9 a". Runs of digits, letters and blanks count once; words apart by blanks are one run.</summary>
internal static class ValueShape
{
    /// <summary>Longer shapes are cut here.</summary>
    public const int MaxLength = 40;

    public static string Of(string text)
    {
        var shape = new StringBuilder();
        foreach (var c in text)
        {
            var kind = char.IsDigit(c) ? '9' : char.IsLetter(c) ? 'a' : char.IsWhiteSpace(c) ? ' ' : c;
            if (shape.Length > 0 && shape[^1] == kind && kind is '9' or 'a' or ' ')
                continue;
            if (kind == 'a' && shape.Length > 1 && shape[^1] == ' ' && shape[^2] == 'a')
                shape.Length--;
            else
                shape.Append(kind);
            if (shape.Length == MaxLength)
                return shape.Append('…').ToString();
        }
        return shape.ToString();
    }

    /// <summary>An expression that takes exactly the values of these shapes.</summary>
    public static string Pattern(IEnumerable<string> shapes) => $"^({string.Join('|', shapes.Select(One))})$";

    private static string One(string shape)
    {
        var pattern = new StringBuilder();
        foreach (var c in shape)
            pattern.Append(c switch
            {
                '9' => "[0-9]+",
                'a' => @"\p{L}+(\s+\p{L}+)*",
                ' ' => @"\s+",
                _ => System.Text.RegularExpressions.Regex.Escape(c.ToString()),
            });
        return pattern.ToString();
    }
}
