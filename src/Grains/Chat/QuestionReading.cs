using Sophia.Knowledge;

namespace Sophia.Chat;

/// <summary>What kind of answer a question wants.</summary>
internal enum QuestionKind
{
    Other = 0,
    Who = 1,
    When = 2,
    HowMany = 3,
    Where = 4,
    Why = 5,
    How = 6,
}

/// <summary>A question as the answerer reads it: its kind, and the stems that carry its meaning.</summary>
/// <param name="Stems">Distinct, in order; words such as "the" and "about" are left out unless nothing else is there.</param>
internal sealed record QuestionReading(QuestionKind Kind, IReadOnlyList<string> Stems)
{
    private static readonly HashSet<string> Empty = new(
        """
        a an the this that these those there here it its is are was were be been being am do does did doing done have has had having
        i me my mine we us our ours you your yours he him his she her hers they them their theirs one ones
        and or but nor so if then than as at by for from in into of off on onto to with without within about over under up down out
        what which who whom whose when where why how can could should shall will would may might must not no yes
        q question answer tell say said says think thought thinks explain describe give list show know need want get got
        many much mean means happen happened just also any some all every each please there's s t re ve d ll m don doesn isn
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries), StringComparer.Ordinal);

    private static readonly HashSet<string> Asking = new(
        [.. "elaborate comment commented debate debated introduce introduced present presented presentation state stated claim claimed argue argued point points idea ideas issue issues reason reasons overview detail details learn learned member members".Split(' ').Select(PorterStemmer.Stem)], StringComparer.Ordinal);

    /// <summary>Whether a stem belongs to the asking and not to what is asked.</summary>
    public static bool IsAsking(string stem) => Asking.Contains(stem) || StopWords.IsAsking(stem);

    public static QuestionReading Of(string question, AnswerWords analyzer)
    {
        var words = analyzer.Of(question);
        string[] plain = [.. words.Select(w => question.Substring(w.Start, w.Length).ToLowerInvariant())];
        var stems = words.Where((_, i) => !Empty.Contains(plain[i]) && !StopWords.IsStop(words[i].Stem)).Select(w => w.Stem).Distinct(StringComparer.Ordinal).ToList();
        if (stems.Count == 0)
            stems = [.. words.Select(w => w.Stem).Distinct(StringComparer.Ordinal)];
        return new QuestionReading(KindOf(plain), stems);
    }

    private static QuestionKind KindOf(string[] words)
    {
        for (var i = 0; i < words.Length; i++)
        {
            var next = i + 1 < words.Length ? words[i + 1] : "";
            QuestionKind? kind = words[i] switch
            {
                "who" or "whom" or "whose" => QuestionKind.Who,
                "when" => QuestionKind.When,
                "where" => QuestionKind.Where,
                "why" => QuestionKind.Why,
                "how" when next is "many" or "much" or "long" or "often" or "old" or "large" or "big" or "far" => QuestionKind.HowMany,
                "how" => QuestionKind.How,
                "what" or "which" when next is "time" or "date" or "day" or "year" or "month" => QuestionKind.When,
                "what" or "which" when next is "number" or "amount" or "percentage" or "share" or "price" => QuestionKind.HowMany,
                _ => null,
            };
            if (kind is { } found)
                return found;
        }
        return QuestionKind.Other;
    }
}
