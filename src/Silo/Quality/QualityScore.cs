using System.Text.Json.Serialization;

namespace Sophia.Quality;

/// <summary>How well one kind of rule found the wrong cells of one column, or of all. Nothing flagged and nothing wrong counts as right.</summary>
internal sealed record QualityScore(
    [property: JsonPropertyName("set")] string Set,
    [property: JsonPropertyName("rules")] string Rules,
    [property: JsonPropertyName("column")] string? Column,
    [property: JsonPropertyName("flagged")] int Flagged,
    [property: JsonPropertyName("right")] int Right,
    [property: JsonPropertyName("wrong")] int Wrong)
{
    [JsonPropertyName("precision")]
    public double Precision => Flagged == 0 ? 1 : (double)Right / Flagged;

    [JsonPropertyName("recall")]
    public double Recall => Wrong == 0 ? 1 : (double)Right / Wrong;

    [JsonPropertyName("f1")]
    public double F1 => Flagged + Wrong == 0 ? 1 : 2.0 * Right / (Flagged + Wrong);
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(QualityScore))]
internal sealed partial class QualityEvalJson : JsonSerializerContext;
