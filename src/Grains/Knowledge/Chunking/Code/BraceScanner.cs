namespace Sophia.Knowledge;

/// <summary>A pair of curly brackets. Depth counts the brackets of every kind around it.</summary>
internal readonly record struct BracePair(int Open, int Close, int Depth);

/// <summary>Walks a file of a language of braces once: which brackets pair, and behind which lines a statement ends.</summary>
/// <remarks>It knows no grammar. In doubt it says that a statement goes on: too long a unit is harmless, a function that is parted is not.</remarks>
/// <param name="defined">Whether all branches of C#'s directives are read, or those that are read when no symbol is defined.</param>
internal sealed class BraceScanner(string text, BraceLanguage language, bool defined = true)
{
    private enum Token
    {
        None,
        Word,
        Value,
        Operator,
        Closed,
        Ended,
    }

    private readonly BraceText skip = new(text, language, defined);
    private readonly CSharpStrings strings = new(text);
    private readonly Stack<(char Bracket, int At, bool Lasting)> open = new();
    private readonly Stack<CSharpString> holes = new();
    private readonly Dictionary<int, int> ends = [];
    private readonly List<BracePair> pairs = [];
    private readonly List<CodeBorder> borders = [];
    private Token previous;
    private int previousStart;
    private int previousEnd;
    private int lineEnd = -1;
    private bool lasting; // No '}' ends the statement: it began with a decorator, or has a '=' in C#.
    private bool named; // After C#'s word operator, up to its parameters.
    private bool afterCondition;

    /// <summary>Pairs by where they open.</summary>
    public IReadOnlyList<BracePair> Pairs => pairs;

    /// <summary>Strong borders have even depths, twice the brackets around them; those behind commas odd ones.</summary>
    public IReadOnlyList<CodeBorder> Borders => borders;

    /// <summary>Of C#: the places after round and square brackets and strings, by where they begin.</summary>
    public IReadOnlyDictionary<int, int> Ends => ends;

    /// <summary>The text that was read, for those who read parts of it again.</summary>
    public BraceText Text => skip;

    /// <summary>False where brackets do not pair, so that nothing said about the file can be relied on.</summary>
    public bool Scan()
    {
        for (var at = skip.Start(); at < text.Length;)
        {
            var c = text[at];
            if (c == '\n' && lineEnd < 0)
                lineEnd = at + 1;
            if (char.IsWhiteSpace(c))
                at++;
            else if (skip.Comment(at) is > 0 and var comment)
                at = comment;
            else if (skip.Directive(at) is > 0 and var directive)
                at = language.IsCSharp ? directive : Took(Token.Ended, at, directive);
            else if (Next(at) is > 0 and var next)
                at = next;
            else
                return false;
        }
        pairs.Sort((a, b) => a.Open.CompareTo(b.Open));
        return open.Count == 0;
    }

    /// <summary>The place after the token, or -1 where a bracket closes that was not opened.</summary>
    private int Next(int at)
    {
        var c = text[at];
        if (c is ')' or ']' or '}')
            return Close(at);
        Border(at);
        if (c is '(' or '[' or '{')
            return Open(at, c);
        if (language.IsCSharp && strings.Opens(at, out var quote) is > 0 and var inside)
            return Interpolated(quote, inside);
        if (skip.String(at) is > 0 and var quoted)
            return Took(Token.Value, at, quoted);
        if (c == '`' && language.IsScript)
            return Template(at, at + 1);
        if (c == '/' && language.IsScript && MayBeRegex(at) && skip.Regex(at) is > 0 and var regex)
            return Took(Token.Value, at, regex);
        if (skip.Word(at) is > 0 and var word)
        {
            named |= language.IsCSharp && text.AsSpan(at, word - at) is "operator";
            return Took(Token.Word, at, word);
        }
        if (language.IsCSharp && c == ':' && open.TryPeek(out var hole) && hole.Bracket == '"' && CSharpStrings.Format(text, at) is > 0 and var format)
            return Took(Token.Operator, at, format);
        if (language.IsCSharp)
            lasting = c == '=' ? lasting || !named : c != ';' && lasting;
        return Took(c == ';' ? Token.Ended : Token.Operator, at, at + 1);
    }

    private int Open(int at, char bracket)
    {
        afterCondition = named = false;
        open.Push((bracket, at, lasting));
        lasting = false;
        return Took(Token.Operator, at, at + 1);
    }

    private int Close(int at)
    {
        if (!open.TryPop(out var opened) || (opened.Bracket, text[at]) is not (('(', ')') or ('[', ']') or ('{', '}') or ('`', '}') or ('"', '}')))
            return -1;
        if (opened.Bracket == '`')
            return Template(opened.At, at + 1);
        lasting = opened.Lasting;
        if (opened.Bracket == '"')
            return Interpolated(holes.Peek(), strings.AfterHole(at, holes.Pop()));
        if (opened.Bracket == '{')
            pairs.Add(new BracePair(opened.At, at, open.Count));
        else if (language.IsCSharp)
            ends[opened.At] = at + 1;
        afterCondition = opened.Bracket == '(' && BraceWords.IsCondition(WordBefore(opened.At));
        return Took(Token.Closed, at, at + 1, keepCondition: true);
    }

    private int Template(int start, int at)
    {
        var end = skip.Template(at, out var hole);
        if (hole)
        {
            open.Push(('`', start, lasting));
            return Took(Token.Operator, end - 1, end);
        }
        return Took(Token.Value, start, end);
    }

    private int Interpolated(CSharpString quote, int at)
    {
        var end = strings.Goes(quote, at, out var hole);
        if (hole)
        {
            open.Push(('"', quote.Start, lasting));
            holes.Push(quote);
            lasting = false;
            return Took(Token.Operator, end - 1, end);
        }
        ends[quote.Start] = end;
        return Took(Token.Value, quote.Start, end);
    }

    private int Took(Token token, int start, int end, bool keepCondition = false)
    {
        (previous, previousStart, previousEnd, lineEnd) = (token, start, end, -1);
        afterCondition &= keepCondition;
        return end;
    }

    private void Border(int at)
    {
        if (previous == Token.None)
            lasting = Lasts(at);
        if (lineEnd < 0 || previous == Token.None)
        {
            if (previous == Token.Operator && previousEnd == previousStart + 1 && text[previousStart] == '{')
                lasting = Lasts(at);
            return;
        }
        var (depth, among) = (Math.Min(open.Count, CodeBorder.MaxDepth) * 2, open.Count == 0 || open.Peek().Bracket == '{');
        if (among && EndsBefore(at))
            borders.Add(new CodeBorder(lineEnd, depth));
        else if (text[previousEnd - 1] == ',')
            borders.Add(new CodeBorder(lineEnd, depth + 1));
        if (among)
            lasting = Lasts(at);
    }

    /// <summary>Whether the statement before a place ended with its line.</summary>
    private bool EndsBefore(int at)
    {
        var next = text[at];
        var word = skip.WordAt(at);
        if (previous == Token.Ended)
            return true;
        if (BraceWords.Continues(word))
            return false;
        if (previous == Token.Closed && text[previousEnd - 1] == '}')
            return !lasting && !(language.IsCSharp ? ".;,?:=|^%<>&/+-" : ".;,?:=+-&|^%<>([`/{").Contains(next);
        if (!language.EndsWithLine || lasting || ".,?:=+-*/%&|^<>!~([`{;".Contains(next))
            return false;
        return previous switch
        {
            Token.Word => !BraceWords.Leads(text.AsSpan(previousStart, previousEnd - previousStart)),
            Token.Operator => text[previousEnd - 1] == '>' && previousEnd > 1 && text[previousEnd - 2] != '=' && BraceWords.Declares(word),
            _ => true,
        };
    }

    private bool Lasts(int at) => text[at] == '@' && !language.IsCSharp;

    private bool MayBeRegex(int at) => previous switch
    {
        Token.Value => false,
        Token.Word => BraceWords.Leads(text.AsSpan(previousStart, previousEnd - previousStart)) && !BraceWords.IsType(text.AsSpan(previousStart, previousEnd - previousStart)),
        Token.Closed => text[previousEnd - 1] == ')' ? afterCondition : text[previousEnd - 1] == '}' && lineEnd >= 0,
        Token.Operator => text[at - 1] != '<',
        _ => true,
    };

    private ReadOnlySpan<char> WordBefore(int at)
    {
        while (at > 0 && text[at - 1] is ' ' or '\t')
            at--;
        var end = at;
        while (at > 0 && (char.IsLetterOrDigit(text[at - 1]) || text[at - 1] == '_'))
            at--;
        return text.AsSpan(at, end - at);
    }
}
