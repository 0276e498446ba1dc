using System.Text.RegularExpressions;

namespace Sophia.Knowledge;

/// <summary>Languages of braces by their brackets: statements of a file are units; those of classes, namespaces and their like are looked into.</summary>
/// <remarks>No parser of these languages restores here. What is a statement is told by <see cref="BraceScanner"/>, so a function is never parted unless it is longer than a chunk.</remarks>
internal sealed partial class BraceOutline
{
    /// <summary>Containers within containers that are followed.</summary>
    private const int MaxDepth = 32;

    /// <summary>How much worse a cut is in brackets that would fit into a chunk.</summary>
    private const int WithinWhole = 10_000;

    private readonly string text;
    private readonly BraceText skip;
    private readonly BraceScanner scan;
    private readonly CodeTiles tiles;

    private BraceOutline(string text, BraceLanguage language, BraceScanner scan) =>
        (this.text, skip, this.scan, tiles) = (text, new BraceText(text, language), scan, new CodeTiles(text));

    /// <summary>Null where the file's brackets do not pair.</summary>
    public static CodeOutline? Of(string text, BraceLanguage language)
    {
        var scan = new BraceScanner(text, language);
        if (!scan.Scan())
            return null;
        var outline = new BraceOutline(text, language, scan);
        outline.Statements(0, text.Length, 0, "");
        return new CodeOutline(outline.tiles.Finish(""), outline.Borders);
    }

    private void Statements(int start, int end, int depth, string scope)
    {
        for (var border = FirstBorder(start); start < end; border++)
        {
            while (border < scan.Borders.Count && scan.Borders[border].At < end && scan.Borders[border].Depth != depth * 2)
                border++;
            var until = border < scan.Borders.Count && scan.Borders[border].At < end ? scan.Borders[border].At : end;
            Statement(start, until, depth, scope);
            start = until;
        }
    }

    private void Statement(int start, int end, int depth, string scope)
    {
        tiles.Close(start, scope);
        var code = Code(start, end);
        var (first, last) = Braces(code, end, depth);
        var head = Head(code, first?.Open ?? end);
        if (last is { } body && depth < MaxDepth && ContainerName(head) is { } name && LineAfter(body.Open) is var inside && inside <= body.Close)
        {
            var inner = CodeSignature.Of(scope.Length == 0 ? name : $"{scope}.{name}");
            tiles.Close(inside, inner);
            Statements(inside, body.Close, depth + 1, inner);
            tiles.Close(end, inner);
        }
        else if (first is not null || head.Length < end - code)
            tiles.Function(start, end, scope, CodeSignature.Of(Modifiers().Replace(CodeSignature.Of(head), "").TrimEnd(' ', '=', ':', '(')));
        else
            tiles.Close(end, scope);
    }

    /// <summary>Where statements begin, first lines within brackets included. Places in brackets that would fit into a chunk are the last to be taken.</summary>
    private IReadOnlyList<CodeBorder> Borders(int maxLength)
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

    /// <summary>The first curly brackets of a statement, and the last.</summary>
    private (BracePair? First, BracePair? Last) Braces(int start, int end, int depth)
    {
        var (low, high) = (0, scan.Pairs.Count);
        while (low < high)
            if (scan.Pairs[(low + high) / 2].Open < start)
                low = (low + high) / 2 + 1;
            else
                high = (low + high) / 2;
        BracePair? first = null, last = null;
        for (; low < scan.Pairs.Count && scan.Pairs[low].Open < end; low++)
            if (scan.Pairs[low].Depth == depth)
                (first, last) = (first ?? scan.Pairs[low], scan.Pairs[low]);
        return (first, last);
    }

    /// <summary>Where code begins after comments, decorators and annotations that have lines of their own.</summary>
    private int Code(int start, int end)
    {
        while (start < end)
            if (char.IsWhiteSpace(text[start]))
                start++;
            else if (skip.Comment(start) is > 0 and var comment)
                start = comment;
            else if (text[start] == '@' || (text[start] == '#' && start + 1 < end && text[start + 1] == '['))
                start = LineAfter(start);
            else
                return start;
        return end;
    }

    /// <summary>The code of a statement up to its body.</summary>
    private ReadOnlySpan<char> Head(int start, int body)
    {
        var head = text.AsSpan(start, Math.Max(0, body - start));
        return head.IndexOf("=>") is >= 0 and var arrow ? head[..arrow] : head;
    }

    private int LineAfter(int at) => text.IndexOf('\n', at) is >= 0 and var end ? end + 1 : text.Length;

    private static string? ContainerName(ReadOnlySpan<char> head)
    {
        if (head.Length > 2_000)
            return null;
        var found = Container().Match(CodeSignature.Of(head));
        if (!found.Success || (found.Groups["kind"].Value is "struct" or "union" && head.Contains('(')))
            return null;
        return found.Groups["name"].Value.Trim('"', '\'', ' ') is { Length: > 0 } name ? name : found.Groups["kind"].Value;
    }

    [GeneratedRegex("""
        ^(?:(?:export|default|declare|abstract|public|private|protected|internal|static|sealed|final|open|data|inner|unsafe|inline|case|companion|fileprivate|readonly|pub(?:\([^)]*\))?|template\s*<.*>)\s+)*(?<kind>class|interface|namespace|module|global|struct|trait|impl|mod|object|protocol|extension|union|record|extern\s"C")\b(?!\s*[.=(])(?<name>[^{(:=]*?)(?:\s+(?:extends|implements|permits|final)\b.*|[{(:].*)?$
        """, RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Container();

    [GeneratedRegex(@"^(?:(?:export|default|async|public|private|protected|internal|static|readonly|abstract|override|final|virtual|inline|declare|const|let|var|function\*?|func|fun|fn|pub(?:\([^)]*\))?)\s+)+", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Modifiers();
}
