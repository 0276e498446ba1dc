namespace Sophia.Quality;

/// <summary>What a person decided about suggestions and no definition says: those that are not to be made again, by their ids.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.QualityState")]
internal sealed record QualityState
{
    /// <summary>Dismissed suggestions kept; the oldest are forgotten first, and may be made again.</summary>
    public const int MaxDismissed = 10_000;

    [Id(0)]
    public int Version { get; init; } = 1;

    /// <summary>"stream id", oldest first.</summary>
    [Id(1)]
    public IReadOnlyList<string> Dismissed { get; init; } = [];
}
