namespace Sophia.Knowledge;

/// <summary>C# by its brackets: methods, constructors, operators, properties with bodies are units; comments and attributes above them are theirs. Top-level statements are a unit up to the next local function.</summary>
/// <remarks>No parser: C#'s own goes down with the nesting of what it reads until the process ends, and computes for minutes on some short texts (docs/adr/0022).</remarks>
internal sealed class CSharpOutline(string text, BraceTree tree)
{
    private readonly CodeTiles tiles = new(text);
    private readonly CSharpTokens tokens = new(text, tree);

    /// <summary>Null where the file's brackets do not pair.</summary>
    public static CodeOutline? Of(string text, BraceLanguage language)
    {
        if (BraceTree.Of(text, language) is not { } tree)
            return null;
        var outline = new CSharpOutline(text, tree);
        outline.Members(0, text.Length, 0, "", among: false);
        return new CodeOutline(outline.tiles.Finish(""), tree.Borders);
    }

    private void Members(int start, int end, int depth, string scope, bool among)
    {
        var (precedes, running) = (among, false);
        foreach (var (from, until) in tree.Statements(start, end, depth))
        {
            var head = CSharpHead.Of(tokens, from, until, among);
            var runs = !among && head.Kind is CSharpKind.Other or CSharpKind.Function;
            if (runs != running)
                tiles.Close(from, scope);
            running = runs;
            switch (head.Kind)
            {
                case CSharpKind.Namespace when head.Body < 0:
                    scope = Joined(scope, head.Name);
                    break;
                case CSharpKind.Namespace:
                    Inside(until, depth, head.Body, Joined(scope, head.Name), among: false);
                    break;
                case CSharpKind.Type or CSharpKind.Closed:
                    // What stands above the first type of a file (imports, the namespace) goes with the type's head.
                    if (precedes || head.Kind == CSharpKind.Closed)
                        tiles.Close(from, scope);
                    Inside(until, depth, head.Kind == CSharpKind.Type ? head.Body : -1, head.Name.Length == 0 ? scope : Joined(scope, head.Name), among: true);
                    break;
                case CSharpKind.Function:
                    tiles.Function(from, until, scope, CodeSignature.Of(head.Name));
                    break;
            }
            precedes |= head.Kind is not (CSharpKind.Import or CSharpKind.Namespace) || head.Body >= 0;
        }
        tiles.Close(end, scope);
    }

    private void Inside(int end, int depth, int body, string scope, bool among)
    {
        if (body >= 0 && depth < BraceOutline.MaxDepth)
            Members(Inside(body), tree.Pair(body).Pair.Close, depth + 1, scope, among);
        tiles.Close(end, scope);
    }

    // What stands behind a bracket in its line is the head's, unless it is code.
    private int Inside(int body)
    {
        var (at, after) = (body + 1, tree.LineAfter(body));
        while (at < after)
            if (char.IsWhiteSpace(text[at]))
                at++;
            else if (tree.Text.Comment(at) is > 0 and var comment)
                at = comment;
            else
                return body + 1;
        return after;
    }

    private static string Joined(string scope, string name) => CodeSignature.Of(scope.Length == 0 ? name : $"{scope}.{name}");
}
