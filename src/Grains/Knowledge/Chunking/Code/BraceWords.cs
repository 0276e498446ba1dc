namespace Sophia.Knowledge;

/// <summary>Words of languages of braces that tell whether a statement goes on.</summary>
internal static class BraceWords
{
    /// <summary>A line that starts so goes on with the statement above.</summary>
    public static bool Continues(ReadOnlySpan<char> word) =>
        word is "else" or "catch" or "finally" or "while" or "as" or "satisfies" or "from" or "instanceof" or "in" or "of" or "is" or "extends" or "implements" or "where" or "with";

    /// <summary>After such a word more must come.</summary>
    public static bool Leads(ReadOnlySpan<char> word) => word is
        "export" or "default" or "async" or "static" or "public" or "private" or "protected" or "readonly" or "abstract" or "declare" or "override" or "new" or "typeof" or "instanceof"
        or "in" or "of" or "extends" or "implements" or "const" or "let" or "var" or "function" or "class" or "interface" or "enum" or "namespace" or "module" or "import" or "from" or "case"
        or "throw" or "delete" or "await" or "yield" or "else" or "do" or "as" or "satisfies" or "keyof" or "infer" or "return" or "func" or "fun" or "fn" or "go" or "defer" or "accessor";

    /// <summary>A word of types or declarations, after which no value comes.</summary>
    public static bool IsType(ReadOnlySpan<char> word) => word is "class" or "interface" or "enum" or "namespace" or "module" or "function" or "static" or "from" or "accessor";

    /// <summary>A line that starts so declares something.</summary>
    public static bool Declares(ReadOnlySpan<char> word) => word is
        "export" or "import" or "const" or "let" or "var" or "function" or "class" or "interface" or "type" or "enum" or "async" or "declare" or "abstract" or "public" or "private" or "protected"
        or "static" or "readonly" or "namespace" or "module" or "return" or "if" or "for" or "func" or "fun" or "val";

    /// <summary>What stands before a condition, after which a statement begins.</summary>
    public static bool IsCondition(ReadOnlySpan<char> word) => word is "if" or "while" or "for" or "with";
}
