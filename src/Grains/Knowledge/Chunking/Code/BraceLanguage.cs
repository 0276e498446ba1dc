namespace Sophia.Knowledge;

/// <summary>What of a language of braces must be known to find its brackets and where its statements end.</summary>
internal sealed record BraceLanguage
{
    /// <summary>Statements end with a line, not only with ';' or '}'.</summary>
    public bool EndsWithLine { get; init; }

    /// <summary>JavaScript and what grew from it: templates, regular expressions, markup.</summary>
    public bool IsScript { get; init; }

    /// <summary>Back quotes hold raw text.</summary>
    public bool HasRawBackQuotes { get; init; }

    /// <summary>Three double quotes hold text over lines.</summary>
    public bool HasTextBlocks { get; init; }

    /// <summary>Plain strings may go over lines.</summary>
    public bool StringsSpanLines { get; init; }

    /// <summary>Lines that start with '#' are the preprocessor's.</summary>
    public bool HasDirectives { get; init; }

    /// <summary>'#' starts a comment.</summary>
    public bool HasHashComments { get; init; }

    /// <summary>Rust: lifetimes, raw strings, comments within comments.</summary>
    public bool IsRust { get; init; }

    /// <summary>C#: interpolated, verbatim and raw strings; directives that are no tokens; statements that go on to their ';' once a '=' stood in them.</summary>
    public bool IsCSharp { get; init; }

    private static readonly BraceLanguage Script = new() { EndsWithLine = true, IsScript = true };
    private static readonly BraceLanguage Go = new() { EndsWithLine = true, HasRawBackQuotes = true };
    private static readonly BraceLanguage Lines = new() { EndsWithLine = true, HasTextBlocks = true };
    private static readonly BraceLanguage Java = new() { HasTextBlocks = true };
    private static readonly BraceLanguage C = new() { HasDirectives = true };
    private static readonly BraceLanguage CSharp = new() { HasDirectives = true, IsCSharp = true };
    private static readonly BraceLanguage Rust = new() { IsRust = true, StringsSpanLines = true };
    private static readonly BraceLanguage Php = new() { HasHashComments = true, StringsSpanLines = true };

    /// <summary>Null for a language without braces, or one that nobody described.</summary>
    public static BraceLanguage? Of(string? language) => language switch
    {
        "typescript" or "javascript" => Script,
        "csharp" => CSharp,
        "go" => Go,
        "kotlin" or "swift" or "scala" => Lines,
        "java" => Java,
        "c" or "cpp" => C,
        "rust" => Rust,
        "php" => Php,
        _ => null,
    };
}
