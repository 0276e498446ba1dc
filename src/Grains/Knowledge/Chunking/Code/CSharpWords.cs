namespace Sophia.Knowledge;

/// <summary>Words of C# that tell declarations from statements.</summary>
internal static class CSharpWords
{
    /// <summary>Stands before what is declared.</summary>
    public static bool IsModifier(ReadOnlySpan<char> word) => word is
        "public" or "private" or "protected" or "internal" or "static" or "abstract" or "sealed" or "virtual" or "override" or "new" or "readonly" or "unsafe" or "async" or "partial"
        or "volatile" or "required" or "file" or "ref" or "fixed" or "const" or "scoped" or "implicit" or "explicit" or "global";

    /// <summary>Stands before a parameter's type.</summary>
    public static bool IsPassing(ReadOnlySpan<char> word) => word is "ref" or "out" or "in" or "params" or "this" or "scoped" or "readonly";

    /// <summary>Begins or continues a statement or an expression, so that brackets behind it hold no parameters.</summary>
    public static bool IsStatement(ReadOnlySpan<char> word) => word is
        "if" or "for" or "foreach" or "while" or "switch" or "lock" or "using" or "catch" or "return" or "throw" or "await" or "yield" or "else" or "do" or "try" or "finally" or "case" or "when"
        or "checked" or "unchecked" or "goto" or "typeof" or "sizeof" or "nameof" or "default" or "stackalloc" or "is" or "as" or "not" or "and" or "or" or "with";
}
