using System.Text;
using Sophia.Log;

namespace Sophia.Pipelines;

/// <summary>Transforms the records of one batch and counts by stream what became of them. Used again for the next batch.</summary>
internal sealed class TransformedBatch
{
    /// <summary>The most records of a stream that a dry run shows before and after.</summary>
    public const int MostSamples = 5;

    /// <summary>The longest text that a sample shows, in bytes of UTF-8.</summary>
    public const int MostSampleBytes = 4_096;

    private readonly Dictionary<string, Tally> tallies = new(StringComparer.Ordinal);
    private readonly List<SourceRecord> made = [];
    private int version;
    private DateTimeOffset now;
    private int shown;

    public TransformCounts Counts { get; private set; } = new();

    public IReadOnlyList<StreamTransformView>? Views => tallies.Count == 0 ? null
        : [.. tallies.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => new StreamTransformView(pair.Key, pair.Value.Counts, pair.Value.Samples.ToArray(), pair.Value.Steps.Views))];

    /// <param name="samples">How many records of each stream are shown before and after.</param>
    public void Begin(int definitionVersion, DateTimeOffset at, int samples)
    {
        (version, now, shown, Counts) = (definitionVersion, at, samples, new TransformCounts());
        tallies.Clear();
    }

    /// <summary>What becomes of a record; the list is used again for the next one. A deletion is never filtered or held back: where the steps cannot be done it stays as it came.</summary>
    /// <param name="item">Its number where it was split before; 0: it comes from the source.</param>
    public IReadOnlyList<SourceRecord> Of(SourceRecord record, StreamTransforms transforms, int item = 0)
    {
        made.Clear();
        var tally = record.Operation == RecordOperation.Delete ? null : TallyOf(record.Stream, transforms);
        var counts = transforms.Do(record.Payload, item, version, now, one => made.Add(record with
        {
            Payload = one.Payload,
            Source = one.Source,
            KeyPart = one.KeyPart,
            Faults = record.Faults is null ? one.Faults : one.Faults is null ? record.Faults : [.. record.Faults, .. one.Faults],
        }), tally?.Steps);
        if (tally is null)
        {
            if (made.Count != 1 || made[0].Faults is not null)
                made.Clear();
            if (made.Count == 0)
                made.Add(record);
            return made;
        }
        Counts += counts;
        tally.Counts += counts;
        if (tally.Samples.Count < shown)
            tally.Samples.Add(new TransformSample(transforms.Masks ? null : Clip(record.Payload), made.Count == 0 ? null : Clip(made[0].Payload), made.Count));
        return made;
    }

    private Tally TallyOf(string stream, StreamTransforms transforms)
    {
        if (!tallies.TryGetValue(stream, out var tally))
            tallies.Add(stream, tally = new Tally(transforms.Tally()));
        return tally;
    }

    /// <param name="most">The longest text, in bytes of UTF-8.</param>
    public static string Clip(ReadOnlyMemory<byte> json, int most = MostSampleBytes) =>
        json.Length <= most ? Encoding.UTF8.GetString(json.Span) : Encoding.UTF8.GetString(json.Span[..most]).TrimEnd('\uFFFD') + "…";

    private sealed class Tally(TransformTally steps)
    {
        public TransformTally Steps => steps;

        public TransformCounts Counts { get; set; } = new();

        public List<TransformSample> Samples { get; } = [];
    }
}
