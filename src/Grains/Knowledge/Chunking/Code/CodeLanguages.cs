namespace Sophia.Knowledge;

/// <summary>Which outline fits which language: C# by its parser, Python by its indentation, languages of braces by their brackets, the rest by blank lines.</summary>
internal static class CodeLanguages
{
    public static CodeOutline Outline(string text, string? language)
    {
        try
        {
            return language switch
            {
                "csharp" => CSharpOutline.Of(text),
                "python" => PythonOutline.Of(text),
                _ when BraceLanguage.Of(language) is { } braces => BraceOutline.Of(text, braces) ?? LineOutline.Of(text),
                _ => LineOutline.Of(text),
            };
        }
        catch (InsufficientExecutionStackException)
        {
            return LineOutline.Of(text);
        }
    }
}
