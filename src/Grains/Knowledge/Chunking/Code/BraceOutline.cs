using System.Text.RegularExpressions;

namespace Sophia.Knowledge;

/// <summary>Languages of braces by their brackets: statements of a file are units; those of classes, namespaces and their like are looked into.</summary>
/// <remarks>No parser of these languages restores here. What is a statement is told by <see cref="BraceScanner"/>, so a function is never parted unless it is longer than a chunk.</remarks>
internal sealed partial class BraceOutline(string text, BraceTree tree)
{
    /// <summary>Containers within containers that are followed.</summary>
    public const int MaxDepth = 32;

    private readonly CodeTiles tiles = new(text);

    /// <summary>Null where the file's brackets do not pair.</summary>
    public static CodeOutline? Of(string text, BraceLanguage language)
    {
        if (BraceTree.Of(text, language) is not { } tree)
            return null;
        var outline = new BraceOutline(text, tree);
        outline.Statements(0, text.Length, 0, "");
        return new CodeOutline(outline.tiles.Finish(""), tree.Borders);
    }

    private void Statements(int start, int end, int depth, string scope)
    {
        foreach (var (from, until) in tree.Statements(start, end, depth))
            Statement(from, until, depth, scope);
    }

    private void Statement(int start, int end, int depth, string scope)
    {
        tiles.Close(start, scope);
        var code = tree.Code(start, end);
        var (first, last) = tree.Braces(code, end, depth);
        var head = Head(code, first?.Open ?? end);
        if (last is { } body && depth < MaxDepth && ContainerName(head) is { } name && tree.LineAfter(body.Open) is var inside && inside <= body.Close)
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

    /// <summary>The code of a statement up to its body.</summary>
    private ReadOnlySpan<char> Head(int start, int body)
    {
        var head = text.AsSpan(start, Math.Max(0, body - start));
        return head.IndexOf("=>") is >= 0 and var arrow ? head[..arrow] : head;
    }

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
        ^(?>(?:(?:export|default|declare|abstract|public|private|protected|internal|static|sealed|final|open|data|inner|unsafe|inline|case|companion|fileprivate|readonly|pub(?:\([^)]*\))?|template\s*<(?>[^<>]|<(?<open>)|>(?<-open>))*(?(open)(?!))>)\s+)*)(?<kind>class|interface|namespace|module|global|struct|trait|impl|mod|object|protocol|extension|union|record|extern\s"C")\b(?!\s*[.=(])(?<name>[^{(:=]*?)(?:\s+(?:extends|implements|permits|final)\b.*|[{(:].*)?$
        """, RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Container();

    [GeneratedRegex(@"^(?:(?:export|default|async|public|private|protected|internal|static|readonly|abstract|override|final|virtual|inline|declare|const|let|var|function\*?|func|fun|fn|pub(?:\([^)]*\))?)\s+)+", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Modifiers();
}
