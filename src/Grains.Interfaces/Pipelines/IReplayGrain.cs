using Sophia.Log;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>Takes stored versions and held records through a definition's transforms and rules again and says what would be otherwise. Nothing is written. The key is the tenant.</summary>
[Alias("Sophia.IReplayGrain")]
public interface IReplayGrain : IGrainWithStringKey
{
    /// <summary>The next page; the query's After is the page's Next. Whoever stops asking has cancelled.</summary>
    /// <exception cref="Operations.RefusedException">The definition is not valid, or the query names nothing to replay.</exception>
    [Alias("Page"), Repeatable]
    Task<ReplayPage> Page(ReplayQuery query);
}

/// <summary>What is replayed: the versions that a run stored, those of a stream (the current ones, or with a time span all that were stored in it), or those of one key.</summary>
/// <param name="DefinitionText">The definition to go by; null: the pipeline's own as it is now.</param>
/// <param name="Limit">Records of a page, 1 to 5,000. Default 1,000.</param>
[GenerateSerializer, Immutable, Alias("Sophia.ReplayQuery")]
public sealed record ReplayQuery(
    [property: Id(0)] string Pipeline,
    [property: Id(1)] string? Run = null,
    [property: Id(2)] string? Stream = null,
    [property: Id(3)] string? Key = null,
    [property: Id(4)] DateTimeOffset? From = null,
    [property: Id(5)] DateTimeOffset? Until = null,
    [property: Id(6)] string? DefinitionText = null,
    [property: Id(7)] string FileName = "definition",
    [property: Id(8)] string? After = null,
    [property: Id(9)] int Limit = 1_000);

public enum ReplayOutcome
{
    Same = 1,

    /// <summary>It would be stored otherwise: another payload, another key, or more than one record.</summary>
    Changed = 2,

    /// <summary>It is stored, and would be held back.</summary>
    NowQuarantined = 3,

    /// <summary>It is held back, and would be stored.</summary>
    NoLongerQuarantined = 4,

    /// <summary>It is held back, and would be again.</summary>
    StillQuarantined = 5,

    /// <summary>A filter would leave it out.</summary>
    Filtered = 6,

    /// <summary>What its source said is not kept, because its stream masks: only the rules could be asked, of what is stored, and they find nothing.</summary>
    SourceNotKept = 7,
}

/// <summary>A part of a replay. Counts are of this page; differences are at most 100 of it.</summary>
/// <param name="RulesOnly">Records of which the source was not kept, because their stream masks: judged by the rules as they are stored, whatever came of it.</param>
/// <param name="Next">Where to go on; null at the end.</param>
/// <param name="Total">In the first page: about how many records the whole replay will look at, where that is known: of a run, and of a stream's current records (held ones come on top).</param>
[GenerateSerializer, Immutable, Alias("Sophia.ReplayPage")]
public sealed record ReplayPage(
    [property: Id(0)] IReadOnlyList<ReplayCount> Counts,
    [property: Id(1)] long RulesOnly,
    [property: Id(2)] IReadOnlyList<ReplayDifference> Differences,
    [property: Id(3)] string? Next,
    [property: Id(4)] long? Total = null);

[GenerateSerializer, Immutable, Alias("Sophia.ReplayCount")]
public sealed record ReplayCount([property: Id(0)] ReplayOutcome Outcome, [property: Id(1)] long Records);

/// <summary>One record that would be otherwise. Before and After are JSON, cut at 4,096 bytes; Version is 0 and Item the number of a held one.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.ReplayDifference")]
public sealed record ReplayDifference(
    [property: Id(0)] ReplayOutcome Outcome,
    [property: Id(1)] string Stream,
    [property: Id(2)] string? Key,
    [property: Id(3)] long Version,
    [property: Id(4)] long Item,
    [property: Id(5)] string? Before,
    [property: Id(6)] string? After,
    [property: Id(7)] string? KeyAfter,
    [property: Id(8)] IReadOnlyList<CellReason> Reasons);
