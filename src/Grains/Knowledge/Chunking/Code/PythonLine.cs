namespace Sophia.Knowledge;

/// <summary>One logical line of Python: a statement's head or all of it, over as many lines as its brackets and strings take.</summary>
/// <param name="Start">Where its first line starts, indentation included.</param>
/// <param name="Code">Its first character that is no white space.</param>
/// <param name="Colon">The colon that opens a block, or -1.</param>
/// <param name="End">After its line break.</param>
/// <param name="Above">Where the comments stand that touch it from above; else its start.</param>
/// <param name="Below">Ends and indentations of the comment lines that follow it.</param>
internal readonly record struct PythonLine(int Start, int Code, int Colon, int End, int Indent, int Above, IReadOnlyList<(int End, int Indent)> Below);

/// <summary>Cuts Python into logical lines: strings of every prefix, f-strings with what is nested in them, brackets, comments and continued lines are understood.</summary>
internal sealed class PythonLines(string text)
{
    private const int TabWidth = 8;

    private readonly List<PythonLine> lines = [];
    private readonly PythonStrings strings = new(text);
    private List<(int End, int Indent)> below = [];
    private int above = -1;
    private int aboveIndent;

    public static List<PythonLine> Of(string text) => new PythonLines(text).Read();

    private List<PythonLine> Read()
    {
        for (var at = 0; at < text.Length;)
        {
            var (code, indent) = Indentation(at);
            if (code == text.Length || text[code] is '\n' or '\r')
            {
                above = -1;
                at = AfterLine(code);
            }
            else if (text[code] == '#')
                at = Comment(at, code, indent);
            else
                at = Statement(at, code, indent);
        }
        return lines;
    }

    private int Comment(int at, int code, int indent)
    {
        var end = AfterLine(code);
        below.Add((end, indent));
        if (above < 0 || aboveIndent != indent)
            (above, aboveIndent) = (at, indent);
        return end;
    }

    private int Statement(int start, int code, int indent)
    {
        var (at, depth, colon) = (code, 0, -1);
        while (at < text.Length && !(depth == 0 && text[at] == '\n'))
            switch (text[at])
            {
                case '#':
                    at = LineEnd(at);
                    break;
                case '\\' when at + 1 < text.Length:
                    at += text[at + 1] == '\r' && at + 2 < text.Length ? 3 : 2;
                    break;
                case '"' or '\'':
                    at = strings.End(at);
                    break;
                case '(' or '[' or '{':
                    (at, depth) = (at + 1, depth + 1);
                    break;
                case ')' or ']' or '}':
                    (at, depth) = (at + 1, Math.Max(0, depth - 1));
                    break;
                default:
                    if (text[at] == ':' && depth == 0 && colon < 0)
                        colon = at;
                    at++;
                    break;
            }
        at = Math.Min(text.Length, at + 1);
        below = [];
        lines.Add(new PythonLine(start, code, colon, at, indent, above >= 0 && aboveIndent == indent ? above : start, below));
        above = -1;
        return at;
    }

    private (int Code, int Indent) Indentation(int at)
    {
        var indent = 0;
        for (; at < text.Length && text[at] is ' ' or '\t' or '\f' or '\uFEFF'; at++)
            indent = text[at] switch { ' ' => indent + 1, '\t' => (indent / TabWidth + 1) * TabWidth, _ => 0 };
        return (at, indent);
    }

    private int LineEnd(int at) => text.IndexOf('\n', at) is >= 0 and var end ? end : text.Length;

    private int AfterLine(int at) => Math.Min(text.Length, LineEnd(at) + 1);
}
