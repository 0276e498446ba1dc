namespace Sophia.Knowledge;

/// <summary>Which outline fits which language: Python by its indentation, languages of braces by their brackets, the rest by blank lines.</summary>
internal static class CodeLanguages
{
    public static CodeOutline Outline(string text, string? language) => language switch
    {
        "python" => PythonOutline.Of(text),
        _ when BraceLanguage.Of(language) is { } braces => (braces.IsCSharp ? CSharpOutline.Of(text, braces) : BraceOutline.Of(text, braces)) ?? LineOutline.Of(text),
        _ => LineOutline.Of(text),
    };
}
