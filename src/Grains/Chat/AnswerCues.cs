using System.Text.RegularExpressions;

namespace Sophia.Chat;

/// <summary>Signs that a sentence is of the kind that a question asks for: a date for when, a number for how many, a reason for why.</summary>
internal static partial class AnswerCues
{
    /// <summary>0 to 1.</summary>
    public static double Of(QuestionKind kind, Sentence sentence)
    {
        var text = sentence.Quote;
        var found = kind switch
        {
            QuestionKind.Who => sentence.Piece.Speaker is not null || Names().IsMatch(text),
            QuestionKind.When => Times().IsMatch(text),
            QuestionKind.HowMany => Numbers().IsMatch(text),
            QuestionKind.Where => Places().IsMatch(text),
            QuestionKind.Why => Reasons().IsMatch(text),
            QuestionKind.How => Steps().IsMatch(text),
            _ => false,
        };
        return found ? 1 : 0;
    }

    /// <summary>A question, or a few words, seldom answers anything.</summary>
    public static bool SaysLittle(Sentence sentence) =>
        sentence.Quote.EndsWith('?') || (sentence.Words < 4 && sentence.Piece.Label is null);

    private const RegexOptions Loose = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    [GeneratedRegex(@"(?<!^)\b\p{Lu}\p{Ll}+|@\w+|\b(team|manager|lead|owner|director|engineer)s?\b", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Names();

    [GeneratedRegex(@"\b(\d{4}|\d{1,2}(:\d\d|\s?(am|pm))|\d{1,2}(st|nd|rd|th)|january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|today|tomorrow|yesterday|daily|weekly|monthly|quarterly|annual(ly)?|year|month|week|day|hour|minute|quarter|once|after|before|until|within)s?\b", Loose, 1000)]
    private static partial Regex Times();

    [GeneratedRegex(@"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|fifty|hundred|thousand|million|billion|dozen|half|once|twice)\b|[$€£%]", Loose, 1000)]
    private static partial Regex Numbers();

    [GeneratedRegex(@"\b(in|at|on|under|inside|via|through|from)\s+(the\s+)?[\p{Lu}#`\[/]|https?://|\]\(", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Places();

    [GeneratedRegex(@"\b(because|since|so that|due to|in order to|reason|therefore|this (means|lets|allows|helps)|to (ensure|avoid|help|make|keep))\b", Loose, 1000)]
    private static partial Regex Reasons();

    [GeneratedRegex(@"\b(by|using|use|click|run|go to|open|follow|create|add|send|submit|select|choose|ask|contact|reach out|step|first|then)\b", Loose, 1000)]
    private static partial Regex Steps();
}
