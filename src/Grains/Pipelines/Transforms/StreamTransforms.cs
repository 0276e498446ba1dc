using System.Text.Json;
using Sophia.Log;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>A stream's transforms, ready to be done record by record. It works in buffers of its own, so it belongs to one reader.</summary>
/// <remarks>
/// A step that cannot be done on a record (a value that cannot be cast, a name that is taken) leaves the value as it was, and the record is quarantined with the reason, after all
/// other steps were done: what is held back looks like what would have been stored. Filters before a split see the record as it came.
/// What the source said is kept beside the result, except where the stream masks: what a mask hides must not lie beside it.
/// </remarks>
internal sealed class StreamTransforms
{
    private readonly TransformRow row = new();
    private readonly TransformNotes notes;
    private readonly TransformStep[] steps;
    private readonly int before;
    private readonly Splitter? splitter;
    private readonly string[] words;

    private StreamTransforms(IReadOnlyList<TransformDefinition> transforms, Func<byte[]> maskKey)
    {
        Masks = transforms.Any(transform => transform.Kind == TransformKind.Mask);
        notes = new TransformNotes { ShowsValues = !Masks };
        var split = transforms.FirstOrDefault(transform => transform.Kind == TransformKind.Split);
        splitter = split is null ? null : new Splitter(split);
        before = split is null ? 0 : transforms.TakeWhile(transform => transform.Kind != TransformKind.Split).Count();
        words = [.. transforms.Select(TransformWords.Of)];
        steps = [.. transforms.Where(transform => transform.Kind != TransformKind.Split).Select(transform => StepOf(transform, maskKey))];
    }

    /// <summary>Whether the stream hides values; then nobody is shown what the source said.</summary>
    public bool Masks { get; }

    public static StreamTransforms? Of(StreamDefinition? stream, Func<byte[]> maskKey) => stream is { Transforms.Count: > 0 } ? new StreamTransforms(stream.Transforms, maskKey) : null;

    /// <summary>Counts for each of the steps, all 0.</summary>
    public TransformTally Tally() => new(words);

    /// <summary>Does the steps on one record; each record that comes of it is given to <paramref name="made"/>, none where a filter holds it back.</summary>
    /// <param name="item">The number that the record had among those that its source record was split into; 0: it comes from the source.</param>
    /// <param name="tally">What each step does is counted there; null: nowhere.</param>
    /// <returns>What was counted.</returns>
    public TransformCounts Do(ReadOnlyMemory<byte> payload, int item, int definitionVersion, DateTimeOffset now, Action<TransformedRecord> made, TransformTally? tally = null)
    {
        notes.Begin(now);
        try
        {
            row.Read(payload);
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException) // The latter: half a character.
        {
            made(new TransformedRecord(payload, null, null, [new CellReason("*", "json", null, "a JSON object", wrong.Message)]));
            return new TransformCounts(1, 1, 0, 0, 1);
        }
        if (splitter is null)
            return Rest(payload, item, null, definitionVersion, made, tally);
        for (var i = 0; i < before; i++)
            if (!Do(i, tally))
                return new TransformCounts(1, 0, 1, 0, 0);
        var split = splitter.Split(row, payload, item, notes);
        tally?.Count(before, split?.Count ?? 1, 0, split is null);
        if (split is not { } pieces)
            return Rest(payload, item, null, definitionVersion, made, tally);
        var counts = new TransformCounts(1, 0, pieces.Count == 0 ? 1 : 0, 0, 0);
        foreach (var piece in pieces)
        {
            notes.Begin(now);
            row.Read(piece.Source);
            splitter.Take(row, piece);
            counts += Rest(piece.Source, piece.Number, piece.KeyPart, definitionVersion, made, tally) with { In = 0 };
        }
        return counts;
    }

    private TransformCounts Rest(ReadOnlyMemory<byte> source, int item, string? part, int definitionVersion, Action<TransformedRecord> made, TransformTally? tally)
    {
        for (var i = before; i < steps.Length; i++)
            if (!Do(i, tally))
                return new TransformCounts(1, 0, 1, 0, 0);
        var faults = notes.Faults;
        made(new TransformedRecord(row.Write(), part, new EntrySource(definitionVersion, item, Masks ? default : source), faults));
        return new TransformCounts(1, 1, 0, notes.Nulled, faults is null ? 0 : 1);
    }

    private bool Do(int step, TransformTally? tally)
    {
        var (nulled, faults) = (notes.Nulled, notes.FaultCount);
        var stays = steps[step].Do(row, notes);
        // The split stands between those before it and the rest.
        tally?.Count(splitter is null || step < before ? step : step + 1, stays ? 1 : 0, notes.Nulled - nulled, notes.FaultCount > faults);
        return stays;
    }

    private static TransformStep StepOf(TransformDefinition transform, Func<byte[]> maskKey) => transform.Kind switch
    {
        TransformKind.Select => new SelectStep(transform),
        TransformKind.Rename => new RenameStep(transform),
        TransformKind.Cast => new CastStep(transform),
        TransformKind.Derive => new DeriveStep(transform),
        TransformKind.Flatten => new FlattenStep(transform),
        TransformKind.Mask => new MaskStep(transform, maskKey),
        _ => new FilterStep(transform),
    };
}

/// <summary>A record as the steps left it.</summary>
/// <param name="KeyPart">What tells it from the other records that came of the same source record; null where it was not split.</param>
/// <param name="Faults">Why it is to be quarantined, or null.</param>
internal readonly record struct TransformedRecord(ReadOnlyMemory<byte> Payload, string? KeyPart, EntrySource? Source, IReadOnlyList<CellReason>? Faults);
