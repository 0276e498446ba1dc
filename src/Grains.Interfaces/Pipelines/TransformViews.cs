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

/// <summary>What the transforms of a stream did in a dry run, with some records before and after.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.StreamTransformView")]
public sealed record StreamTransformView(
    [property: Id(0)] string Stream,
    [property: Id(1)] TransformCounts Counts,
    [property: Id(2)] IReadOnlyList<TransformSample> Samples);

/// <summary>A record before and after its stream's transforms, as JSON. Before is null where the stream masks; After is null where a filter held it back.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.TransformSample")]
public sealed record TransformSample([property: Id(0)] string? Before, [property: Id(1)] string? After);
