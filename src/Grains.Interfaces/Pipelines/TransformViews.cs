namespace Sophia.Pipelines;

/// <summary>What transforms did to records of a stream: in comes from the source, out goes to the gate. Nulled counts values, the others records.</summary>
/// <param name="Filtered">Records that a filter held back, and those whose list to split was empty.</param>
/// <param name="Failed">Records that a step could not be done on; they are quarantined.</param>
[GenerateSerializer, Immutable, Alias("Sophia.TransformCounts")]
public sealed record TransformCounts(
    [property: Id(0)] long In = 0,
    [property: Id(1)] long Out = 0,
    [property: Id(2)] long Filtered = 0,
    [property: Id(3)] long Nulled = 0,
    [property: Id(4)] long Failed = 0)
{
    public static TransformCounts operator +(TransformCounts a, TransformCounts b) =>
        new(a.In + b.In, a.Out + b.Out, a.Filtered + b.Filtered, a.Nulled + b.Nulled, a.Failed + b.Failed);
}

/// <summary>What the transforms of a stream did in a run, altogether and step by step; of a dry run with some records before and after.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.StreamTransformView")]
public sealed record StreamTransformView(
    [property: Id(0)] string Stream,
    [property: Id(1)] TransformCounts Counts,
    [property: Id(2)] IReadOnlyList<TransformSample> Samples,
    [property: Id(3)] IReadOnlyList<TransformStepView>? Steps = null);

/// <summary>What one step did. In and Out are records that came to it and left it: a filter lets fewer out, a split more. Nulled counts values; Failed counts records on which it could not be done.</summary>
/// <param name="Number">Its place among the stream's transforms, from 1.</param>
/// <param name="Step">What it does, in the words of the definition, such as "cast amount: number"; at most 120 characters.</param>
[GenerateSerializer, Immutable, Alias("Sophia.TransformStepView")]
public sealed record TransformStepView(
    [property: Id(0)] int Number,
    [property: Id(1)] string Step,
    [property: Id(2)] long In,
    [property: Id(3)] long Out,
    [property: Id(4)] long Nulled,
    [property: Id(5)] long Failed)
{
    /// <summary>The same step's counts of two parts of a run.</summary>
    public static TransformStepView operator +(TransformStepView a, TransformStepView b) => a with { In = a.In + b.In, Out = a.Out + b.Out, Nulled = a.Nulled + b.Nulled, Failed = a.Failed + b.Failed };
}

/// <summary>A record before and after its stream's transforms, as JSON, cut at 4,096 bytes. Before is null where the stream masks; After is null where a filter held it back.</summary>
/// <param name="Records">How many records came of it, of which After is the first; 0: it was filtered.</param>
[GenerateSerializer, Immutable, Alias("Sophia.TransformSample")]
public sealed record TransformSample([property: Id(0)] string? Before, [property: Id(1)] string? After, [property: Id(2)] int Records = 1);
