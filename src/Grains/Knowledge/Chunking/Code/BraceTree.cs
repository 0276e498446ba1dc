namespace Sophia.Knowledge;

/// <summary>What a scan found in a file of a language of braces, asked by place: statements at a depth, brackets, where code begins.</summary>
internal sealed class BraceTree
{
    /// <summary>How much worse a cut is in brackets that would fit into a chunk.</summary>
    private const int WithinWhole = 10_000;

    private readonly string text;
    private readonly BraceScanner scan;
    private (int From, int After) line = (0, 0);

    private BraceTree(string text, BraceScanner scan) => (this.text, this.scan) = (text, scan);

    /// <summary>Of C#: the places after round and square brackets and strings, by where they begin.</summary>
    public IReadOnlyDictionary<int, int> Ends => scan.Ends;

    /// <summary>Comments and directives.</summary>
    public BraceText Text => scan.Text;

    /// <summary>Null where the file's brackets do not pair; of C# also without the branches that are not read when no symbol is defined.</summary>
    public static BraceTree? Of(string text, BraceLanguage language)
    {
        var scan = new BraceScanner(text, language);
        if (scan.Scan())
            return new BraceTree(text, scan);
        var bare = new BraceScanner(text, language, defined: false);
        return language.IsCSharp && bare.Scan() ? new BraceTree(text, bare) : null;
    }

    /// <summary>The statements that tile a stretch whose brackets around it are so many.</summary>
    public IEnumerable<(int Start, int End)> Statements(int start, int end, int depth)
    {
        for (var border = FirstBorder(start); start < end; border++)
        {
            while (border < scan.Borders.Count && scan.Borders[border].At < end && scan.Borders[border].Depth != depth * 2)
                border++;
            var until = border < scan.Borders.Count && scan.Borders[border].At < end ? scan.Borders[border].At : end;
            yield return (start, until);
            start = until;
        }
    }

    /// <summary>Where statements begin, first lines within brackets included. Places in brackets that would fit into a chunk are the last to be taken.</summary>
    public IReadOnlyList<CodeBorder> Borders(int maxLength)
    {
        var (kept, around, next) = (new List<CodeBorder>(), new Stack<BracePair>(), 0);
        foreach (var border in scan.Borders)
        {
            Enter(border.At);
            kept.Add(around.TryPeek(out var inner) && inner.Close - inner.Open <= maxLength ? border with { Depth = border.Depth + WithinWhole } : border);
        }
        Enter(text.Length);
        kept.Sort((a, b) => a.At.CompareTo(b.At));
        return kept;

        void Enter(int place)
        {
            for (; next < scan.Pairs.Count && scan.Pairs[next].Open < place; next++)
            {
                Leave(scan.Pairs[next].Open);
                around.Push(scan.Pairs[next]);
                if (scan.Pairs[next].Close - scan.Pairs[next].Open > maxLength && LineAfter(scan.Pairs[next].Open) is var inside && inside < scan.Pairs[next].Close)
                    kept.Add(new CodeBorder(inside, Math.Min(scan.Pairs[next].Depth + 1, CodeBorder.MaxDepth) * 2));
            }
            Leave(place);
        }

        void Leave(int place)
        {
            while (around.TryPeek(out var top) && top.Close < place)
                around.Pop();
        }
    }

    /// <summary>The first curly brackets of a statement, and the last.</summary>
    public (BracePair? First, BracePair? Last) Braces(int start, int end, int depth)
    {
        BracePair? first = null, last = null;
        for (var at = FirstPair(start); at < scan.Pairs.Count && scan.Pairs[at].Open < end; at++)
            if (scan.Pairs[at].Depth == depth)
                (first, last) = (first ?? scan.Pairs[at], scan.Pairs[at]);
        return (first, last);
    }

    /// <summary>The curly brackets that open here, and whether others are in them.</summary>
    public (BracePair Pair, bool HasInner) Pair(int open)
    {
        var at = FirstPair(open);
        return (scan.Pairs[at], at + 1 < scan.Pairs.Count && scan.Pairs[at + 1].Open < scan.Pairs[at].Close);
    }

    /// <summary>Where code begins after comments, decorators and annotations that have lines of their own.</summary>
    public int Code(int start, int end)
    {
        while (start < end)
            if (char.IsWhiteSpace(text[start]))
                start++;
            else if (Text.Comment(start) is > 0 and var comment)
                start = comment;
            else if (text[start] == '@' || (text[start] == '#' && start + 1 < end && text[start + 1] == '['))
                start = LineAfter(start);
            else
                return start;
        return end;
    }

    /// <summary>Where the next line starts. The line asked for last is remembered: thousands of brackets may stand in one.</summary>
    public int LineAfter(int at)
    {
        if (at < line.From || at >= line.After)
            line = (at, text.IndexOf('\n', at) is >= 0 and var end ? end + 1 : text.Length);
        return line.After;
    }

    private int FirstBorder(int place)
    {
        var (low, high) = (0, scan.Borders.Count);
        while (low < high)
            if (scan.Borders[(low + high) / 2].At <= place)
                low = (low + high) / 2 + 1;
            else
                high = (low + high) / 2;
        return low;
    }

    private int FirstPair(int place)
    {
        var (low, high) = (0, scan.Pairs.Count);
        while (low < high)
            if (scan.Pairs[(low + high) / 2].Open < place)
                low = (low + high) / 2 + 1;
            else
                high = (low + high) / 2;
        return low;
    }
}
