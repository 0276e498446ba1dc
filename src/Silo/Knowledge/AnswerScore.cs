using System.Text.Json.Serialization;

namespace Sophia.Knowledge;

/// <summary>What became of the questions of one case, or of all.</summary>
/// <param name="Half">The half of the questions: the constants were fitted to the first and not to the other.</param>
/// <param name="Holds">Whether the records hold an answer; null over both.</param>
/// <param name="NotComputed">Those that were told that they would have to be computed.</param>
internal sealed record AnswerScore(
    [property: JsonPropertyName("half")] string Half,
    [property: JsonPropertyName("case")] string Case,
    [property: JsonPropertyName("set")] string Set,
    [property: JsonPropertyName("holds")] bool? Holds,
    [property: JsonPropertyName("questions")] int Questions,
    [property: JsonPropertyName("answered")] int Answered,
    [property: JsonPropertyName("right")] int Right,
    [property: JsonPropertyName("notComputed")] int NotComputed)
{
    /// <summary>The chance that a question that can be answered has a higher likelihood than one that cannot (area under the ROC curve), only over both.</summary>
    [JsonPropertyName("auroc")]
    public double? Auroc { get; init; }

    public const string Fitted = "fitted", HeldOut = "held out";

    /// <summary>Every second question of each set is held out.</summary>
    public static string HalfOf(AskedQuestion asked) => asked.Number % 2 == 0 ? Fitted : HeldOut;

    /// <summary>By case and set, then all that can be answered, all that cannot, and both.</summary>
    public static IEnumerable<AnswerScore> Of(string half, IReadOnlyList<AskedQuestion> all)
    {
        var asked = all.Where(each => HalfOf(each) == half).ToList();
        foreach (var group in asked.GroupBy(each => (each.Case, each.Set, each.Holds)).OrderBy(group => group.Key.Case))
            yield return Of(half, group.Key.Case.ToString().ToLowerInvariant(), group.Key.Set, group.Key.Holds, [.. group]);
        foreach (var holds in new[] { true, false })
            yield return Of(half, "all cases", "all sets", holds, asked.FindAll(each => each.Holds == holds));
        yield return Of(half, "all cases", "all sets", null, asked) with
        {
            Auroc = RetrievalMetrics.Auroc([.. asked.Where(each => each.Holds).Select(each => each.Likelihood)], [.. asked.Where(each => !each.Holds).Select(each => each.Likelihood)]),
        };
    }

    private static AnswerScore Of(string half, string situation, string set, bool? holds, List<AskedQuestion> asked) =>
        new(half, situation, set, holds, asked.Count, asked.Count(each => each.Answered), asked.Count(each => each.Answered && each.Right), asked.Count(each => each.NotComputed));
}

[JsonSerializable(typeof(AnswerScore))]
[JsonSerializable(typeof(AskedQuestion))]
internal sealed partial class AnswerEvalJson : JsonSerializerContext;
