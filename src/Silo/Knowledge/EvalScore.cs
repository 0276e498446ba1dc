using System.Text.Json.Serialization;

namespace Sophia.Knowledge;

/// <summary>What one way of searching scored on one set; each figure is the mean over the questions, absent where the set has no such figure.</summary>
internal sealed record EvalScore(
    [property: JsonPropertyName("set")] string Set,
    [property: JsonPropertyName("mode")] string Mode,
    [property: JsonPropertyName("questions")] int Questions)
{
    /// <summary>Questions with a right passage among the first five, as a share.</summary>
    [JsonPropertyName("hit@5")]
    public double? Hit5 { get; init; }

    /// <summary>One over the rank of the first right passage or document, 0 where there is none.</summary>
    [JsonPropertyName("mrr")]
    public double? Mrr { get; init; }

    [JsonPropertyName("ndcg@10")]
    public double? Ndcg10 { get; init; }

    [JsonPropertyName("recall@100")]
    public double? Recall100 { get; init; }

    /// <summary>The share of the right turns' words within the first sixth of the meeting's words that the ranking gives.</summary>
    [JsonPropertyName("goldWords@1/6")]
    public double? GoldWords { get; init; }

    /// <summary>Words of a passage among the first five.</summary>
    [JsonPropertyName("passageWords")]
    public double? PassageWords { get; init; }

    /// <summary>The median time of a search for ten passages, in milliseconds.</summary>
    [JsonPropertyName("medianMs")]
    public double? MedianMs { get; init; }

    /// <summary>Every figure that the set has, by its name.</summary>
    public IEnumerable<(string Name, double? Value)> Figures()
    {
        (string, double?)[] all = [("goldWords@1/6", GoldWords), ("hit@5", Hit5), ("mrr", Mrr), ("ndcg@10", Ndcg10), ("recall@100", Recall100), ("passageWords", PassageWords), ("medianMs", MedianMs)];
        return all.Where(figure => figure.Item2 is not null);
    }
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EvalScore))]
internal sealed partial class EvalJson : JsonSerializerContext;
