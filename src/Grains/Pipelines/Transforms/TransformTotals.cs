namespace Sophia.Pipelines;

/// <summary>What transforms did over a run so far, by stream.</summary>
internal sealed class TransformTotals
{
    /// <summary>The most streams that are told apart; what belongs to further ones is in the run's own counts.</summary>
    public const int MostStreams = 200;

    private readonly SortedDictionary<string, StreamTransformView> streams = new(StringComparer.Ordinal);

    public IReadOnlyList<StreamTransformView>? Views => streams.Count == 0 ? null : streams.Values.ToArray();

    public void Add(IReadOnlyList<StreamTransformView> views)
    {
        foreach (var view in views)
            if (streams.TryGetValue(view.Stream, out var known))
                streams[view.Stream] = known with { Counts = known.Counts + view.Counts, Samples = [.. known.Samples.Concat(view.Samples).Take(TransformedBatch.MostSamples)] };
            else if (streams.Count < MostStreams)
                streams.Add(view.Stream, view);
    }

    public void Clear() => streams.Clear();
}
