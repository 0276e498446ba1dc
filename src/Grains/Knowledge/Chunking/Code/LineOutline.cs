namespace Sophia.Knowledge;

/// <summary>Languages without an outline of their own: what stands between blank lines and begins at the margin is a unit.</summary>
internal static class LineOutline
{
    /// <summary>How much worse a cut is where no blank line stands above.</summary>
    private const int WithinParagraph = 10_000;

    public static CodeOutline Of(string text)
    {
        var tiles = new CodeTiles(text);
        var borders = Borders(text);
        foreach (var border in borders)
            if (border.Depth == 0)
                tiles.Close(border.At, "");
        return new CodeOutline(tiles.Finish(""), _ => borders);
    }

    private static List<CodeBorder> Borders(string text)
    {
        var borders = new List<CodeBorder>();
        var blankAbove = true;
        for (var at = 0; at < text.Length;)
        {
            var end = text.IndexOf('\n', at) is >= 0 and var found ? found + 1 : text.Length;
            var indent = 0;
            while (at + indent < end && text[at + indent] is ' ' or '\t')
                indent++;
            var blank = text.AsSpan(at, end - at).IsWhiteSpace();
            if (!blank)
                borders.Add(new CodeBorder(at, blankAbove ? indent : indent + WithinParagraph));
            blankAbove = blank;
            at = end;
        }
        return borders;
    }
}
