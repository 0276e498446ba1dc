using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>A pipeline as its author states it; the published schema is docs/pipeline.schema.json.</summary>
public sealed record PipelineDefinition
{
    public required string Name { get; init; }

    public IReadOnlyList<SourceDefinition> Sources { get; init; } = [];

    /// <summary>A cron expression (Quartz) or "every 5m"; null: on demand (and watched sources as they change).</summary>
    public string? Schedule { get; init; }

    /// <summary>Rules by stream name; "*" holds for every stream that is not named.</summary>
    public IReadOnlyDictionary<string, StreamDefinition> Streams { get; init; } = new Dictionary<string, StreamDefinition>();

    /// <summary>Rules that were suggested and switched on by a person; <see cref="Streams"/> has them too.</summary>
    public IReadOnlyList<AcceptedRule> Accepted { get; init; } = [];

    public GateDefinition Gate { get; init; } = new();

    /// <summary>What is stated of a stream: under its full name, under its name within the pipeline ("people" for "crm/people"), under "*"; or null.</summary>
    public StreamDefinition? StreamOf(string stream) =>
        Streams.GetValueOrDefault(stream)
        ?? (stream.StartsWith(Name, StringComparison.Ordinal) && stream.Length > Name.Length && stream[Name.Length] == '/' ? Streams.GetValueOrDefault(stream[(Name.Length + 1)..]) : null)
        ?? Streams.GetValueOrDefault("*");

    /// <summary>How many partitions are read at once. Default 0: the number of cores, at most 8.</summary>
    public int Parallelism { get; init; }
}

/// <summary>One source. Settings are the rest of its mapping, by name, as text.</summary>
public sealed record SourceDefinition(string Type, IReadOnlyDictionary<string, string> Settings)
{
    public string? this[string name] => Settings.GetValueOrDefault(name);
}

/// <summary>What is known of a stream's records.</summary>
public sealed record StreamDefinition
{
    /// <summary>Fields whose values, joined, are the record's key; empty: the reader's own key.</summary>
    public IReadOnlyList<string> Key { get; init; } = [];

    public SyncMode Mode { get; init; } = SyncMode.Deduplicated;

    /// <summary>What is done with a record before its key is made and the rules judge it, step by step.</summary>
    public IReadOnlyList<TransformDefinition> Transforms { get; init; } = [];

    public IReadOnlyList<RuleDefinition> Rules { get; init; } = [];

    /// <summary>By the name that rules use, the name that the field has in the records.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>What is kept of the stream's versions; null: all, for ever.</summary>
    public RetentionDefinition? Retention { get; init; }

    public string HeaderOf(string field) => Headers.GetValueOrDefault(field, field);
}

/// <summary>A version may go once it is beyond every limit that is stated; at least one is.</summary>
/// <param name="Days">Every moment of so many last days can be read exactly; 1 to 36,500.</param>
/// <param name="Versions">So many newest versions of each record stay; 1 to 1,000,000.</param>
/// <param name="Expire">Whether records that were not written for so many days are deleted.</param>
public sealed record RetentionDefinition(int? Days, int? Versions, bool Expire);

/// <summary>A rule that somebody switched on, for which stream, and on what evidence.</summary>
public sealed record AcceptedRule(string Stream, RuleDefinition Rule, string? Because);

public enum SyncMode
{
    /// <summary>A record whose content is unchanged is not stored again; one that vanished from its source becomes a tombstone.</summary>
    Deduplicated = 1,

    /// <summary>Every record read is a new version.</summary>
    Append = 2,
}
