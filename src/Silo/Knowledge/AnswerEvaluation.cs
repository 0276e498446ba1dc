using System.Runtime.CompilerServices;
using Sophia.Chat;

namespace Sophia.Knowledge;

/// <summary>How a question stands to the records that it is asked of.</summary>
internal enum AnswerCase
{
    /// <summary>The records of its own set are there, alone.</summary>
    Own = 1,

    /// <summary>Those of all sets are there.</summary>
    All = 2,

    /// <summary>Only those of one other set are there.</summary>
    Other = 3,

    /// <summary>Those of all other sets are there.</summary>
    Rest = 4,

    /// <summary>Its own set is there without the records that answer it.</summary>
    Removed = 5,

    /// <summary>All of its own set is there, and it is asked of another record than the one that answers it.</summary>
    Elsewhere = 6,
}

/// <summary>What was answered to one question.</summary>
/// <param name="Holds">Whether the records that answer it are there.</param>
/// <param name="Right">Whether one of them is cited.</param>
internal sealed record AskedQuestion(AnswerCase Case, string Set, string Store, int Number, string Text, bool Holds, bool Answered, bool Right, bool NotComputed, double Likelihood, AnswerEvidence Evidence);

/// <summary>Asks the questions of several sets where they can be answered and where they cannot.</summary>
internal sealed class AnswerEvaluation(IReadOnlyList<AnswerSet> sets, Func<CancellationToken, Task<ScratchSophia>> start)
{
    /// <summary>Questions of one set that are asked, evenly taken from all of it.</summary>
    public const int MaxQuestions = 240;

    private static readonly HashSet<string> None = [];

    public async IAsyncEnumerable<AskedQuestion> Run([EnumeratorCancellation] CancellationToken cancellation)
    {
        var stored = sets.Where(set => set.Write is not null).ToList();
        foreach (var set in stored)
            await foreach (var asked in Ask(set.Name, [(set, None)], [.. Alone(set)], cancellation))
                yield return asked;
        await foreach (var asked in Ask("all", [.. stored.Select(set => (set, None))], [.. sets.Select(set => (set, set.Write is null ? AnswerCase.Rest : AnswerCase.All))], cancellation))
            yield return asked;
        foreach (var set in stored)
            await foreach (var asked in Ask($"all but {set.Name}", [.. stored.Where(other => other != set).Select(other => (other, None))], [(set, AnswerCase.Rest)], cancellation))
                yield return asked;
        foreach (var set in stored)
            await foreach (var asked in Ask($"part of {set.Name}", [(set, Removed(set))], [(set, AnswerCase.Removed)], cancellation))
                yield return asked;
    }

    private IEnumerable<(AnswerSet, AnswerCase)> Alone(AnswerSet set)
    {
        foreach (var asked in sets)
            yield return (asked, asked == set ? AnswerCase.Own : AnswerCase.Other);
        if (set.Questions.Any(q => q.Within is not null))
            yield return (set, AnswerCase.Elsewhere);
    }

    /// <summary>What answers every second question; where records are asked several things each, every second record.</summary>
    private static HashSet<string> Removed(AnswerSet set) => Chosen(set).Any(q => q.Question.Within is not null)
        ? [.. set.Questions.SelectMany(q => q.Gold).Distinct(StringComparer.Ordinal).Where((_, place) => place % 2 == 1)]
        : [.. Chosen(set).Where(q => q.Number % 4 >= 2).SelectMany(q => q.Question.Gold)];

    /// <summary>The record of the next question that is asked of another one.</summary>
    private static string? Another(AnswerSet set, AnswerableQuestion question) =>
        set.Questions.SkipWhile(q => q != question).Concat(set.Questions).FirstOrDefault(q => q.Within != question.Within)?.Within;

    private static IEnumerable<(int Number, AnswerableQuestion Question)> Chosen(AnswerSet set)
    {
        var count = Math.Min(MaxQuestions, set.Questions.Count);
        for (var i = 0; i < count; i++)
            yield return (i, set.Questions[(int)((long)i * set.Questions.Count / count)]);
    }

    private async IAsyncEnumerable<AskedQuestion> Ask(string store, IReadOnlyList<(AnswerSet Set, HashSet<string> Without)> held, IReadOnlyList<(AnswerSet Set, AnswerCase Case)> askedOf, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var sophia = await start(cancellation);
        foreach (var (set, without) in held)
        {
            var folder = Directory.CreateDirectory(Path.Combine(sophia.Files, set.Name)).FullName;
            set.Write!(folder, without);
            await sophia.Ingest(folder, set.Key, cancellation, set.Name);
        }
        foreach (var (set, situation) in askedOf)
        {
            var removed = held.FirstOrDefault(h => h.Set == set).Without ?? None;
            foreach (var (number, question) in Chosen(set))
            {
                if (situation == AnswerCase.Removed && !question.Gold.All(removed.Contains))
                    continue;
                var key = situation switch { AnswerCase.Own => question.Within, AnswerCase.Elsewhere => Another(set, question), _ => null };
                var within = key is null ? null : new SearchFilter(Keys: new[] { key });
                var answer = await sophia.Answer(question.Text, within, cancellation);
                var right = answer.Sentences.Any(s => s.Sources.Any(source => question.Gold.Contains(source.Citation.Key) || question.Gold.Contains(source.Title)));
                yield return new AskedQuestion(situation, set.Name, store, number, question.Text, situation is AnswerCase.Own or AnswerCase.All, answer.Found, right, answer.Unanswered == NoAnswer.NotComputed, AnswerRules.Likelihood(answer.Evidence, new ExtractiveOptions()), answer.Evidence);
            }
        }
    }
}
