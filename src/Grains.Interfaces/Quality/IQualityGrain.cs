namespace Sophia.Quality;

/// <summary>What one tenant's records look like, what its rules say of them, and which rules they suggest. The key is the tenant.</summary>
/// <remarks>
/// Everything that it says is read from the log as it stands, and can be made again from it; only which suggestions a person dismissed is its own.
/// The first question about a stream reads the log: where that takes long it refuses as Busy, goes on at the next call, and says how far it is.
/// </remarks>
[Alias("Sophia.IQualityGrain")]
public interface IQualityGrain : IGrainWithStringKey
{
    [Alias("Profile"), Repeatable]
    Task<StreamProfile> Profile(string stream);

    [Alias("Findings"), Repeatable]
    Task<FindingsPage> Findings(FindingsQuery query);

    /// <summary>Rules that the records speak for, the strongest first, without those accepted or dismissed.</summary>
    [Alias("Suggestions"), Repeatable]
    Task<IReadOnlyList<Suggestion>> Suggestions(string stream);

    /// <summary>Makes suggested rules part of a pipeline's definition, which gets a new version; the audit names who did it.</summary>
    /// <param name="level">"warning" (flagged) or "error" (held back from then on, where the rule looks at one record alone).</param>
    [Alias("Accept")]
    Task<SuggestionOutcome> Accept(string stream, IReadOnlyList<string> ids, string pipeline, string level, string by);

    /// <summary>Suggests these no more; the audit names who said so, and why.</summary>
    [Alias("Dismiss")]
    Task<SuggestionOutcome> Dismiss(string stream, IReadOnlyList<string> ids, string reason, string by);

    /// <summary>Forgets the tables that it read, since records of them were erased; they are read again when asked for.</summary>
    [Alias("Forget"), Repeatable]
    Task Forget();
}
