namespace Sophia.Log;

/// <summary>Removes what a tenant's streams need not keep, as its pipelines' definitions say. The key is the tenant.</summary>
[Alias("Sophia.IRetentionGrain")]
public interface IRetentionGrain : IGrainWithStringKey
{
    /// <summary>Looks now, beside its schedule; a pass that goes already goes on. Where no definition states a retention, nothing is removed and nothing is scheduled.</summary>
    [Alias("Look"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<RetentionView> Look();

    /// <summary>Says that a definition states a retention. One way, because a pass asks the pipelines for their definitions.</summary>
    [OneWay, Alias("Wake")]
    Task Wake();

    [Alias("View"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<RetentionView> View();
}

/// <param name="Going">Whether a pass goes.</param>
/// <param name="EndedAt">When the last pass ended.</param>
/// <param name="WaitsFor">Why the pass that goes does not go on now.</param>
[GenerateSerializer, Immutable, Alias("Sophia.RetentionView")]
public sealed record RetentionView(
    [property: Id(0)] bool Going,
    [property: Id(1)] DateTimeOffset? EndedAt,
    [property: Id(2)] string? WaitsFor,
    [property: Id(3)] IReadOnlyList<StreamRetention> Streams);

/// <param name="Horizon">From this moment on the stream can be read as it stood; null: from its beginning.</param>
/// <param name="Versions">Versions removed so far, tombstones included.</param>
/// <param name="Expired">Records deleted because nobody wrote them for so long.</param>
/// <param name="LookedAt">When the last pass came past the stream.</param>
[GenerateSerializer, Immutable, Alias("Sophia.StreamRetention")]
public sealed record StreamRetention(
    [property: Id(0)] string Stream,
    [property: Id(1)] int? Days,
    [property: Id(2)] int? KeepVersions,
    [property: Id(3)] bool Expire,
    [property: Id(4)] DateTimeOffset? Horizon,
    [property: Id(5)] long Versions,
    [property: Id(6)] long Expired,
    [property: Id(7)] DateTimeOffset? LookedAt);
