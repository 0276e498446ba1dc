using Sophia.Log;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>A record as it is remembered: stored, or held back.</summary>
/// <param name="Source">What it was transformed from; null where it was stored as its source said it.</param>
internal readonly record struct Remembered(string Stream, string? Key, long Version, long Item, ReadOnlyMemory<byte> Payload, EntrySource? Source, bool IsHeld);

/// <summary>Says of remembered records what a definition would make of them. Whole batches are not held by their mean: these are not the batches that were read.</summary>
internal sealed class Replayer
{
    public const int MostDifferences = 100;

    private readonly ReadingPlan plan;
    private readonly TransformedBatch transformed = new();
    private readonly Dictionary<ReplayOutcome, long> counts = [];
    private readonly List<ReplayDifference> differences = [];
    private readonly DateTimeOffset now;
    private long rulesOnly;

    public Replayer(PipelineDefinition definition, IBatchJudges judges, DateTimeOffset now, Func<byte[]>? maskKey)
    {
        var alone = definition with { Gate = new GateDefinition { MinimumScore = 0 } };
        plan = new ReadingPlan(alone, judges.For(alone), maskKey);
        this.now = now;
    }

    public ReplayPage Page(string? next, long? total) =>
        new([.. counts.OrderBy(pair => pair.Key).Select(pair => new ReplayCount(pair.Key, pair.Value))], rulesOnly, differences, next, total);

    public void Look(in Remembered was)
    {
        var isMasked = was.Source is { Payload.IsEmpty: true };
        rulesOnly += isMasked ? 1 : 0;
        var record = new SourceRecord(was.Stream, was.Key, RecordOperation.Upsert, was.Source is { Payload.IsEmpty: false } source ? source.Payload : was.Payload, 0, was.Payload.Length, 0);
        IReadOnlyList<SourceRecord> made = isMasked || plan.TransformsOf(was.Stream) is not { } transforms ? [record] : Transformed(record, transforms, was.Source?.Item ?? 0);
        if (made.Count == 0)
        {
            Note(ReplayOutcome.Filtered, was, null, null, []);
            return;
        }
        var first = made[0];
        var key = KeyOf(first, was);
        var reasons = Reasons(first, key);
        if (isMasked && reasons.Count == 0)
        {
            // Held for a step that could not be done, or transformed otherwise since: nobody can tell without what the source said.
            Note(ReplayOutcome.SourceNotKept, was, null, was.Key, []);
            return;
        }
        var isSame = made.Count == 1 && key == was.Key && first.Payload.Span.SequenceEqual(was.Payload.Span);
        Note((was.IsHeld, reasons.Count > 0) switch
        {
            (true, true) => ReplayOutcome.StillQuarantined,
            (true, false) => ReplayOutcome.NoLongerQuarantined,
            (false, true) => ReplayOutcome.NowQuarantined,
            _ => isSame ? ReplayOutcome.Same : ReplayOutcome.Changed,
        }, was, first.Payload, key, reasons);
    }

    private IReadOnlyList<SourceRecord> Transformed(SourceRecord record, StreamTransforms transforms, int item)
    {
        transformed.Begin(0, now, 0);
        return transformed.Of(record, transforms, item);
    }

    // Without key fields the key is the reader's own, which the stored one has been made of.
    private string? KeyOf(in SourceRecord made, in Remembered was)
    {
        if (!plan.HasKey(was.Stream))
            return was.Source is { Item: > 0 } || made.KeyPart is null || was.Key is null ? was.Key : $"{was.Key}/{made.KeyPart}";
        try
        {
            return plan.KeyOf(made with { Key = null }, "", out _);
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private IReadOnlyList<CellReason> Reasons(in SourceRecord made, string? key)
    {
        if (!KeyFields.Fits(key))
            return [.. made.Faults ?? [], new CellReason("", "key", null, key is null ? "a value: the record's key is made from it" : KeyFields.Expectation, null)];
        var reasons = plan.Judge.Judge([new KeyedRecord(key, made)], now).Reasons[0] ?? [];
        return made.Faults is { } faults ? [.. faults, .. reasons] : reasons;
    }

    private void Note(ReplayOutcome outcome, in Remembered was, ReadOnlyMemory<byte>? after, string? key, IReadOnlyList<CellReason> reasons)
    {
        counts[outcome] = counts.GetValueOrDefault(outcome) + 1;
        if (outcome is not (ReplayOutcome.Same or ReplayOutcome.StillQuarantined or ReplayOutcome.SourceNotKept) && differences.Count < MostDifferences)
            differences.Add(new ReplayDifference(outcome, was.Stream, was.Key, was.Version, was.Item, TransformedBatch.Clip(was.Payload), after is { } json ? TransformedBatch.Clip(json) : null,
                key == was.Key ? null : key, reasons));
    }
}
