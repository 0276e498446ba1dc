namespace Sophia.Pipelines;

/// <summary>What is remembered of a pipeline's connectors beside the log: what they said about runs, and configurations that they changed themselves. The key is "tenant/pipeline".</summary>
[Alias("Sophia.IConnectorGrain")]
public interface IConnectorGrain : IGrainWithStringKey
{
    /// <summary>Keeps lines of a run: the newest of a run, the newest runs of the pipeline. They are on the disk within seconds, and at once where the run is over.</summary>
    [Alias("AddLines")]
    Task AddLines(string runId, IReadOnlyList<ConnectorLine> lines);

    /// <summary>The lines of a run, oldest first, at most <paramref name="limit"/> of the newest; none of a run that is too old or had none.</summary>
    [Alias("Lines"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<ConnectorLine>> Lines(string runId, int limit);

    /// <summary>The configuration that a source's connector asked to keep, sealed; null where it never did.</summary>
    [Alias("Configuration"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<KeptConfiguration?> Configuration(string source);

    /// <summary>Keeps it; durable when the call returns.</summary>
    [Alias("KeepConfiguration"), Repeatable]
    Task KeepConfiguration(string source, KeptConfiguration configuration);

    /// <summary>Forgets all of it: the pipeline is no more.</summary>
    [Alias("Forget"), Repeatable]
    Task Forget();
}

public enum ConnectorLineLevel
{
    Debug = 1,
    Information = 2,
    Warning = 3,
    Error = 4,
}

/// <summary>One line of what a connector said, or Sophia about it; secrets are blanked.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.ConnectorLine")]
public sealed record ConnectorLine([property: Id(0)] DateTimeOffset At, [property: Id(1)] ConnectorLineLevel Level, [property: Id(2)] string Text);

/// <summary>A connector's configuration as it changed it, encrypted for this pipeline's source alone.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.KeptConfiguration")]
public sealed record KeptConfiguration([property: Id(0)] string Sealed, [property: Id(1)] DateTimeOffset At);
