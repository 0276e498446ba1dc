namespace Sophia.Pipelines;

/// <summary>What a pipeline's grain keeps of its own; runs and checkpoints are in the log. Format 1.</summary>
[GenerateSerializer, Alias("Sophia.PipelineState")]
public sealed record PipelineState
{
    /// <summary>Runs of which it is remembered when they became searchable.</summary>
    public const int SearchableKept = 50;

    /// <summary>Runs of which it is kept what their transforms did.</summary>
    public const int TransformsKept = 10;

    /// <summary>Streams of one run of which that is kept.</summary>
    public const int TransformedStreamsKept = 50;

    [Id(0)]
    public int Format { get; init; } = 1;

    /// <summary>The newest definition, or null where there is none (any more).</summary>
    [Id(1)]
    public KeptDefinition? Definition { get; init; }

    /// <summary>The highest version ever given, so that numbers are not used twice after a removal.</summary>
    [Id(2)]
    public int LastVersion { get; init; }

    /// <summary>The run that goes, or went last, with the definition that it goes by.</summary>
    [Id(3)]
    public KeptRun? Run { get; init; }

    /// <summary>Records that the sources held at the last successful runs, oldest first.</summary>
    [Id(4)]
    public IReadOnlyList<long> Usual { get; init; } = [];

    /// <summary>The webhook's secret where the pipeline made it itself.</summary>
    [Id(5)]
    public string? GeneratedSecret { get; init; }

    /// <summary>When the schedule fires next.</summary>
    [Id(6)]
    public DateTimeOffset? NextAt { get; init; }

    /// <summary>When the latest runs became searchable, oldest first.</summary>
    [Id(7)]
    public IReadOnlyList<KeptSearchable> Searchable { get; init; } = [];

    /// <summary>How many runs were started.</summary>
    [Id(8)]
    public long RunNumber { get; init; }

    /// <summary>What transforms did in the newest runs, oldest first: written when a run ends or is paused. Records count in the log, so this explains and decides nothing.</summary>
    [Id(9)]
    public IReadOnlyList<KeptTransforms> Transforms { get; init; } = [];

    /// <summary>After a run ended or was paused.</summary>
    /// <param name="usual">Null: as before.</param>
    /// <param name="did">What its transforms did, as far as it is known.</param>
    internal PipelineState After(IReadOnlyList<long>? usual, KeptTransforms? did) => this with
    {
        Usual = usual ?? Usual,
        Transforms = did is null ? Transforms
            : [.. Transforms.Where(kept => kept.RunId != did.RunId).TakeLast(TransformsKept - 1), did with { Streams = [.. did.Streams.Take(TransformedStreamsKept).Select(stream => stream with { Samples = [] })] }],
    };
}

[GenerateSerializer, Immutable, Alias("Sophia.KeptDefinition")]
public sealed record KeptDefinition([property: Id(0)] string Text, [property: Id(1)] string FileName, [property: Id(2)] int Version, [property: Id(3)] DateTimeOffset At);

[GenerateSerializer, Immutable, Alias("Sophia.KeptRun")]
public sealed record KeptRun([property: Id(0)] string RunId, [property: Id(1)] string DefinitionText, [property: Id(2)] int DefinitionVersion, [property: Id(3)] bool FullRefresh)
{
    /// <summary>Since when it waits for its turn in the queue; null: it has begun.</summary>
    [Id(4)]
    public DateTimeOffset? WaitsSince { get; init; }

    /// <summary>The item in the queue that stands for it; 0: none.</summary>
    [Id(5)]
    public long Item { get; init; }
}

[GenerateSerializer, Immutable, Alias("Sophia.KeptSearchable")]
public sealed record KeptSearchable([property: Id(0)] string RunId, [property: Id(1)] DateTimeOffset At);

/// <summary>What transforms did in a run.</summary>
/// <param name="CountedIn">Records that the run had read by then.</param>
/// <param name="Since">Where another activation had counted before and was lost: what stands here is counted from then on.</param>
[GenerateSerializer, Immutable, Alias("Sophia.KeptTransforms")]
public sealed record KeptTransforms([property: Id(0)] string RunId, [property: Id(1)] long CountedIn, [property: Id(2)] DateTimeOffset? Since, [property: Id(3)] IReadOnlyList<StreamTransformView> Streams);
