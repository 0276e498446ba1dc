namespace Sophia.Pipelines;

/// <summary>What transforms did over a run so far, by stream and step.</summary>
internal sealed class TransformTotals
{
    /// <summary>The most streams that are told apart; what belongs to further ones is in the run's own counts.</summary>
    public const int MostStreams = 200;

    /// <summary>The most records that a dry run shows before and after, over all streams.</summary>
    public const int MostSamples = 50;

    private readonly SortedDictionary<string, StreamTransformView> streams = new(StringComparer.Ordinal);
    private int samples;

    public IReadOnlyList<StreamTransformView>? Views => streams.Count == 0 ? null : streams.Values.ToArray();

    public void Add(IReadOnlyList<StreamTransformView> views)
    {
        foreach (var view in views)
        {
            if (!streams.TryGetValue(view.Stream, out var known) && streams.Count == MostStreams)
                continue;
            known ??= new StreamTransformView(view.Stream, new TransformCounts(), []);
            StreamTransformView after = known with
            {
                Counts = known.Counts + view.Counts,
                Samples = [.. known.Samples, .. view.Samples.Take(Math.Min(TransformedBatch.MostSamples - known.Samples.Count, MostSamples - samples))],
                Steps = Together(known.Steps, view.Steps),
            };
            samples += after.Samples.Count - known.Samples.Count;
            streams[view.Stream] = after;
        }
    }

    public void Clear()
    {
        streams.Clear();
        samples = 0;
    }

    // A lane of the release before says no steps: what it did is in the stream's counts alone.
    private static IReadOnlyList<TransformStepView>? Together(IReadOnlyList<TransformStepView>? one, IReadOnlyList<TransformStepView>? other) =>
        one is null || other is null ? one ?? other : one.Count == other.Count ? [.. one.Zip(other, (a, b) => a + b)] : one;
}
