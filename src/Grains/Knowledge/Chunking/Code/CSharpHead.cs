namespace Sophia.Knowledge;

/// <summary>What a statement of C# is, as far as its head tells.</summary>
internal enum CSharpKind
{
    /// <summary>Fields, automatic properties, statements.</summary>
    Other,

    /// <summary>Imports and what else stands at the start of a file.</summary>
    Import,
    Namespace,
    Type,

    /// <summary>An enumeration or a delegate: a type that holds no functions.</summary>
    Closed,
    Function,
}

/// <summary>The head of a statement of C#: what it is, what it is called, and where its brackets open (-1 where it has none).</summary>
internal readonly record struct CSharpHead(CSharpKind Kind, string Name, int Body)
{
    /// <summary>Reads a head.</summary>
    /// <param name="among">Whether the statement stands in a type, so that methods may lack a body.</param>
    public static CSharpHead Of(CSharpTokens tokens, int start, int end, bool among)
    {
        var head = tokens.Read(start, end, toBody: true);
        var first = 0;
        while (head.Is(first, '['))
            first++;
        while (head.Word(first) is var word && CSharpWords.IsModifier(word))
            first++;
        var body = head.Stop == '{' ? head.End : -1;
        return head.Word(first) switch
        {
            "namespace" => new(CSharpKind.Namespace, head.Path(first + 1), body),
            "class" or "struct" or "interface" => new(CSharpKind.Type, head.Named(first + 1), body),
            "record" when head.Word(first + 1) is "class" or "struct" => new(CSharpKind.Type, head.Named(first + 2), body),
            "record" when head.Word(first + 1).Length > 0 => new(CSharpKind.Type, head.Named(first + 1), body),
            "extension" when among && body >= 0 && (head.Is(first + 1, '(') || head.Is(first + 1, '<')) => new(CSharpKind.Type, "", body),
            "enum" => new(CSharpKind.Closed, head.Named(first + 1), body),
            "delegate" when !head.Is(first + 1, '*') => new(CSharpKind.Closed, head.Parameters(first) is >= 0 and var at ? head.Name(at, explicitly: false) : "", body),
            "event" => body < 0 ? new(CSharpKind.Other, "", body) : new(CSharpKind.Function, head.Name(head.Count, explicitly: false), body),
            "using" or "extern" when !among && head.IsImport(first) => new(CSharpKind.Import, "", body),
            "" when head.Count == first && head.Stop == '\0' => new(CSharpKind.Import, "", body),
            _ => Function(head, first, body, among) is { } name ? new(CSharpKind.Function, name, body) : new(CSharpKind.Other, "", body),
        };
    }

    private static string? Function(CSharpTokens.Line head, int first, int body, bool among)
    {
        if (head.IndexOf("operator", first) is >= 0 and var op && head.Last('(') is var last && last > op)
            return $"operator {head.Text(op + 1, last)}{head.Types(last)}";
        var bodied = head.Stop is '{' or '>';
        if (head.Is(first, '~'))
            return bodied || among ? $"~{head.Word(first + 1)}()" : null;
        if (head.Parameters(first) is >= 0 and var at)
        {
            if (!among && !(bodied && head.IsDeclared(first, at)))
                return null;
            return bodied || (among && head.Stop == ';') ? head.Name(at, explicitly: true) + head.Types(at) : null;
        }
        if (!among || !bodied || !(head.Stop == '>' || head.HasBodies(body)))
            return null;
        return head.IndexOf("this", first) is >= 0 and var index && head.Is(index + 1, '[') ? "this" + head.Types(index + 1) : head.Count > first ? head.Name(head.Count, explicitly: true) : null;
    }
}
