using System.Text.RegularExpressions;

namespace Sophia.Chat;

/// <summary>The marks of an answer as they are written, such as "[3]": programs and pages read the same ones.</summary>
internal static partial class AnswerMarks
{
    /// <summary>Marks that stand together with the blanks before them; "end" is the sentence's own end, where it stands behind them.</summary>
    [GeneratedRegex(@"(?:\s*\[\d{1,3}\])+(?<end>[.!?…]?)", RegexOptions.CultureInvariant, 1000)]
    public static partial Regex Run();

    /// <summary>One mark; its first group is the number.</summary>
    [GeneratedRegex(@"\[(\d{1,3})\]", RegexOptions.CultureInvariant, 1000)]
    public static partial Regex One();
}
