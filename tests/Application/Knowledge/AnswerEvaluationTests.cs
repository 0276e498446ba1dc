using System.Text.Json;
using Sophia.Commands;

namespace Sophia.Knowledge;

/// <summary>Goal: a change of search, cutting or weighing that invents answers, or loses them, is seen. Method: "eval answers" as people run it, on the two smaller sets of real records and on questions that neither answers; the half of the questions that nothing was fitted to.</summary>
public sealed class AnswerEvaluationTests : IDisposable
{
    private readonly BuiltProgram program = new();

    public void Dispose() => program.Dispose();

    [SharedDataFact]
    public async Task What_can_be_answered_is_what_cannot_is_not_and_nothing_is_taken_for_a_computation_that_is_none()
    {
        var (code, output, error) = await program.Run("eval", "answers", "--path", SharedData.Root!, "--sets", "handbook", "tables", "general", "computed", "--json");
        Assert.True(code == 0, error);
        var scores = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize(line, AnswerEvalJson.Default.AnswerScore)!).Where(score => score.Half == AnswerScore.HeldOut).ToList();
        foreach (var set in new[] { "handbook", "tables" })
        {
            Assert.True(Share("own", set) >= .85, $"{set}: {Share("own", set):0.000} of its own questions are answered");
            Assert.True(Share("other", set) <= .1, $"{set}: {Share("other", set):0.000} of its questions are answered from the other's records");
        }
        Assert.True(Share("other", "general") <= .1, $"{Share("other", "general"):0.000} of general questions are answered");
        Assert.Equal(0, scores.Where(score => score.Set is "handbook" or "tables").Sum(score => score.NotComputed));
        Assert.True(scores.Where(score => score.Set == "computed").Sum(score => score.NotComputed) >= 12);

        double Share(string situation, string set) => scores.Single(score => score.Case == situation && score.Set == set) is var score ? score.Answered / (double)score.Questions : 0;
    }
}
