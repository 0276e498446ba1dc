namespace Sophia.Knowledge;

/// <summary>Reads heads of C# as tokens; what stands in round and square brackets is one token.</summary>
internal sealed class CSharpTokens(string text, BraceTree tree)
{
    /// <summary>The tokens of a stretch.</summary>
    /// <param name="toBody">Up to a curly bracket, an arrow, a '=' that is no operator's name, or a semicolon; otherwise all.</param>
    public Line Read(int start, int end, bool toBody)
    {
        var tokens = new List<(int Start, int End, char Kind)>();
        var named = false;
        for (var at = start; at < end;)
        {
            var c = text[at];
            if (char.IsWhiteSpace(c))
                at++;
            else if (tree.Text.Comment(at) is > 0 and var comment)
                at = comment;
            else if (tree.Text.Directive(at) is > 0 and var directive)
                at = directive;
            else if (toBody && c is '{' or ';')
                return new Line(text, this, tree, tokens, at, c);
            else if (toBody && c == '=' && !named)
                return new Line(text, this, tree, tokens, at, at + 1 < end && text[at + 1] == '>' ? '>' : '=');
            else if (tree.Ends.TryGetValue(at, out var close))
                at = Took(at, close, c);
            else if (tree.Text.String(at) is > 0 and var quoted)
                at = Took(at, quoted, c);
            else if (tree.Text.Word(at + (c == '@' ? 1 : 0)) is > 0 and var word)
                at = Took(at, word, 'w');
            else
                at = Took(at, at + 1, c);
        }
        return new Line(text, this, tree, tokens, end, '\0');

        int Took(int from, int until, char kind)
        {
            named = kind != '(' && (named || (kind == 'w' && text.AsSpan(from, until - from) is "operator"));
            tokens.Add((from, until, kind));
            return until;
        }
    }

    /// <summary>Tokens up to <see cref="End"/>, where <see cref="Stop"/> stands ('>' for an arrow).</summary>
    internal sealed class Line(string text, CSharpTokens reader, BraceTree tree, List<(int Start, int End, char Kind)> tokens, int end, char stop)
    {
        public int Count => tokens.Count;

        public int End => end;

        public char Stop => stop;

        public bool Is(int at, char kind) => at >= 0 && at < tokens.Count && tokens[at].Kind == kind;

        public ReadOnlySpan<char> Word(int at) => Is(at, 'w') ? text.AsSpan(tokens[at].Start, tokens[at].End - tokens[at].Start) : default;

        /// <summary>The text of tokens, without what surrounds them.</summary>
        public string Text(int from, int until) => until <= from ? "" : CodeSignature.Of(text.AsSpan(tokens[from].Start, tokens[until - 1].End - tokens[from].Start));

        public int IndexOf(string word, int from)
        {
            for (var at = from; at < tokens.Count; at++)
                if (Word(at).SequenceEqual(word))
                    return at;
            return -1;
        }

        public int Last(char kind) => tokens.FindLastIndex(token => token.Kind == kind);

        /// <summary>A dotted name.</summary>
        public string Path(int from)
        {
            var path = new List<string>();
            for (; Is(from, 'w'); from += 2)
            {
                path.Add(Word(from).ToString());
                if (!Is(from + 1, '.'))
                    break;
            }
            return string.Join('.', path);
        }

        /// <summary>A name with its type parameters.</summary>
        public string Named(int at)
        {
            var until = at + 1;
            if (Is(until, '<'))
                for (var depth = 0; until < tokens.Count; until++)
                    if (Is(until, '<'))
                        depth++;
                    else if (Is(until, '>') && --depth == 0)
                        break;
            return Is(at, 'w') ? Text(at, until < tokens.Count && Is(until, '>') ? until + 1 : at + 1) : "";
        }

        /// <summary>The round brackets behind a name, or -1.</summary>
        public int Parameters(int from)
        {
            for (var at = from + 1; at < tokens.Count; at++)
                if (Is(at, '(') && (Is(at - 1, '>') || (Is(at - 1, 'w') && !CSharpWords.IsModifier(Word(at - 1)))))
                    return at;
            return -1;
        }

        /// <summary>The name that ends before a token, with its type parameters; with the interface that it implements if asked for.</summary>
        public string Name(int until, bool explicitly)
        {
            var from = Before(until);
            while (explicitly && from > 1 && Is(from - 1, '.') && Before(from - 1) is var further && further < from - 1)
                from = further;
            if (explicitly && from > 2 && Is(from - 1, ':') && Is(from - 2, ':'))
                from -= 3;
            return Text(from, until);
        }

        /// <summary>Whether a type and a name stand before brackets and nothing but constraints behind them.</summary>
        public bool IsDeclared(int from, int brackets)
        {
            if (Before(brackets) <= from || (brackets + 1 < tokens.Count && Word(brackets + 1) is not "where"))
                return false;
            for (var at = from; at < brackets; at++)
                if (CSharpWords.IsStatement(Word(at)) || Is(at, '"'))
                    return false;
            return true;
        }

        public bool IsImport(int at) => !Is(at + 1, '(') && (stop == ';' || (stop == '=' && tokens.Count - at <= 2 + (Word(at + 1) is "unsafe" or "static" ? 1 : 0)));

        /// <summary>Whether accessors in curly brackets have bodies.</summary>
        public bool HasBodies(int body) => body >= 0 && tree.Pair(body) is var (pair, inner) && (inner || text.AsSpan(body, pair.Close - body).IndexOf("=>") >= 0);

        /// <summary>Types of the parameters in brackets.</summary>
        public string Types(int brackets)
        {
            var (start, close) = (tokens[brackets].Start, tokens[brackets].End - 1);
            var inside = reader.Read(start + 1, close, toBody: false);
            var types = new List<string>();
            for (var (from, at, depth, length) = (0, 0, 0, 0); at <= inside.Count && length <= CodeSignature.MaxLength; at++)
            {
                depth += inside.Is(at, '<') ? 1 : inside.Is(at, '>') ? -1 : 0;
                if (at < inside.Count && !(depth <= 0 && inside.Is(at, ',')))
                    continue;
                if (inside.Type(from, at) is { Length: > 0 } type)
                {
                    types.Add(type);
                    length += type.Length;
                }
                (from, depth) = (at + 1, 0);
            }
            return text[start] + string.Join(", ", types) + text[close];
        }

        private string Type(int from, int until)
        {
            while (Is(from, '[') && from < until)
                from++;
            while (CSharpWords.IsPassing(Word(from)) && from + 1 < until)
                from++;
            for (var at = from; at < until; at++)
                if (Is(at, '='))
                    until = at;
            return Text(from, until - from > 1 && Is(until - 1, 'w') ? until - 1 : until);
        }

        private int Before(int until)
        {
            var at = until - 1;
            if (Is(at, '>'))
                for (var depth = 0; at >= 0; at--)
                    if (Is(at, '>'))
                        depth++;
                    else if (Is(at, '<') && --depth == 0)
                    {
                        at--;
                        break;
                    }
            return Math.Max(0, at);
        }
    }
}
