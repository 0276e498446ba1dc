using Sophia.Knowledge;

namespace Sophia.Bench;

/// <summary>What a search may go by.</summary>
internal static class Ways
{
    public static readonly RankingOptions Words = RankingOptions.Default with { MeaningWeight = 0, RescueWeight = 0 };

    public static readonly RankingOptions Vectors = RankingOptions.VectorsAlone with { Near = 100 };

    public static readonly RankingOptions Both = RankingOptions.Default with { MeaningWeight = 1 };
}
