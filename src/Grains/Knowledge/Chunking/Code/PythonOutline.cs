using System.Text.RegularExpressions;

namespace Sophia.Knowledge;

/// <summary>Python by indentation: each <c>def</c> at the level of file or class is a unit, with its decorators and the comments above; what is defined in it is part of it.</summary>
/// <remarks>No parser of Python restores here, so this reads logical lines (<see cref="PythonLines"/>), which is all that Python's blocks hang on.</remarks>
internal static partial class PythonOutline
{
    public static CodeOutline Of(string text)
    {
        var lines = PythonLines.Of(text);
        var tiles = new CodeTiles(text);
        var scopes = new List<(int Indent, string Name)>();
        for (var i = 0; i < lines.Count; i++)
        {
            var first = i;
            while (i + 1 < lines.Count && text[lines[i].Code] == '@')
                i++;
            Leave(scopes, lines[i].Indent, lines[first].Above, tiles);
            if (Head().Match(text, lines[i].Code, Math.Min(text.Length, lines[i].End) - lines[i].Code) is not { Success: true } head)
                continue;
            if (head.Groups["class"].Success)
            {
                tiles.Close(lines[first].Above, Scope(scopes));
                scopes.Add((lines[i].Indent, CodeSignature.Of(scopes.Count == 0 ? head.Groups["name"].ValueSpan : $"{Scope(scopes)}.{head.Groups["name"].Value}")));
                continue;
            }
            var last = i;
            while (last + 1 < lines.Count && lines[last + 1].Indent > lines[i].Indent)
                last++;
            tiles.Function(lines[first].Above, WithComments(lines[last], lines[i].Indent), Scope(scopes), Signature(text, lines[i], head));
            i = last;
        }
        if (scopes.Count > 0 && lines.Count > 0)
            tiles.Close(lines[^1].End, Scope(scopes));
        return new CodeOutline(tiles.Finish(""), _ => Borders(text, lines));
    }

    private static void Leave(List<(int Indent, string Name)> scopes, int indent, int at, CodeTiles tiles)
    {
        while (scopes.Count > 0 && indent <= scopes[^1].Indent)
        {
            tiles.Close(at, Scope(scopes));
            scopes.RemoveAt(scopes.Count - 1);
        }
    }

    private static string Scope(List<(int Indent, string Name)> scopes) => scopes.Count == 0 ? "" : scopes[^1].Name;

    private static int WithComments(PythonLine last, int indent)
    {
        var end = last.End;
        foreach (var comment in last.Below)
            if (comment.Indent > indent)
                end = comment.End;
            else
                break;
        return end;
    }

    private static string Signature(string text, PythonLine line, Match head)
    {
        var from = head.Groups["name"].Index;
        return CodeSignature.Of(text.AsSpan(from, (line.Colon > from ? line.Colon : line.End) - from));
    }

    private static List<CodeBorder> Borders(string text, List<PythonLine> lines)
    {
        var borders = new List<CodeBorder>();
        for (var i = 0; i < lines.Count; i++)
            if (!(i > 0 && text[lines[i - 1].Code] == '@') && !Continues().IsMatch(text.AsSpan(lines[i].Code, lines[i].End - lines[i].Code)))
                borders.Add(new CodeBorder(lines[i].Above, lines[i].Indent));
        return borders;
    }

    [GeneratedRegex(@"\G(?:(?:async[ \t]+)?def|(?<class>class))[ \t]+(?<name>\w+)", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Head();

    [GeneratedRegex(@"^(?:else|elif|except|finally)\b", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Continues();
}
