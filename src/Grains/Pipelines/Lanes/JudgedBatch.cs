using System.Globalization;
using Sophia.Log;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>A batch read, keyed and judged: what an append will write, and what it counts. Two of them take turns, so their lists are used again.</summary>
internal sealed class JudgedBatch
{
    /// <summary>The most sample reasons that one step of a dry run brings back.</summary>
    public const int MaxSamples = 10;

    private readonly List<KeyedRecord> keyed = [];
    private readonly TransformedBatch transformed = new();
    private (string Name, int Generation, string Text) head = ("", 0, "");
    private bool more;

    public List<NewEntry> Entries { get; } = [];

    public List<NewQuarantine> Quarantined { get; } = [];

    public RunCounts Counts { get; private set; } = new();

    public double QualitySum { get; private set; }

    /// <summary>No rule asked anything of what was read.</summary>
    public bool Unjudged { get; private set; }

    /// <summary>Pieces in which a key may stand that nobody can read.</summary>
    public long Bad { get; private set; }

    public string State { get; private set; } = "";

    public long? Held { get; private set; }

    /// <summary>What the transforms of each stream did, with samples where they were asked for; null where no stream has any.</summary>
    public IReadOnlyList<StreamTransformView>? Transforms => transformed.Views;

    public IReadOnlyDictionary<string, int>? Whole { get; private set; }

    public IReadOnlyList<ConnectorLine> Lines { get; private set; } = [];

    /// <summary>What files' records are called by, to be kept with the batch.</summary>
    public IReadOnlyList<FileKeyWrite> Keys { get; private set; } = [];

    /// <summary>Hashes of keys whose records are quarantined, of sources that count generations.</summary>
    public List<ulong> Kept { get; } = [];

    /// <summary>Nothing came, and the reader knows that more may: there is nothing to store.</summary>
    public bool IsIdle(string? before) => more && Counts.In == 0 && Whole is null && State == (before ?? "");

    /// <summary>Whether the batch is far from full, so that the partition is probably at its end.</summary>
    public bool LooksLast { get; private set; }

    public void Fill(SourceBatch batch, BatchBudget budget, ReadingPlan plan, string partitionName, int definitionVersion, string path, ISet<string> streams, SeenKeys? seen, DateTimeOffset now, int shown = 0)
    {
        keyed.Clear();
        Entries.Clear();
        Quarantined.Clear();
        Kept.Clear();
        Bad = batch.Bad.Count;
        (State, Held, Whole, Lines, Keys, more) = (batch.State, batch.Held, batch.Whole, batch.Lines, batch.Keys, batch.More);
        var records = batch.Records;
        transformed.Begin(definitionVersion, now, shown);
        for (var i = 0; i < records.Count; i++)
            if (plan.TransformsOf(records[i].Stream) is not { } transforms)
                Key(records[i], plan, partitionName, definitionVersion, path, streams, seen);
            else
                foreach (var made in transformed.Of(records[i], transforms))
                    Key(made, plan, partitionName, definitionVersion, path, streams, seen);
        var judgement = plan.Judge.Judge(keyed, now);
        var headName = PartitionMark.HeadName(plan.Definition.Name, partitionName);
        for (var i = 0; i < keyed.Count; i++)
            Sort(keyed[i], judgement.Reasons[i], plan, headName, definitionVersion, path);
        foreach (var bad in batch.Bad)
            Quarantined.Add(new NewQuarantine(plan.Definition.Name, bad.Stream, null, null, [bad.Reason], bad.Origin, definitionVersion));
        Counts = new RunCounts(In: records.Count + batch.Bad.Count, Valid: Entries.Count, Quarantined: Quarantined.Count, Bytes: batch.Bytes, Filtered: transformed.Counts.Filtered, Nulled: transformed.Counts.Nulled);
        QualitySum = (judgement.Score ?? 0) * keyed.Count;
        Unjudged = keyed.Count > 0 ? judgement.Score is null : plan.Definition.Streams.Values.All(stream => stream.Rules.Count == 0);
        LooksLast = !batch.More && records.Count < budget.MaxRecords / 2 && batch.Bytes < budget.MaxBytes / 2;
    }

    private void Key(in SourceRecord record, ReadingPlan plan, string partitionName, int definitionVersion, string path, ISet<string> streams, SeenKeys? seen)
    {
        if (plan.IsReserved(record.Stream))
        {
            Quarantined.Add(new NewQuarantine(plan.Definition.Name, record.Stream, null, record.Payload, [QuarantineRules.ReservedStream(record.Stream)!], OriginOf(record, path), definitionVersion));
            return;
        }
        if (keyed.Count == 0 || keyed[^1].Record.Stream != record.Stream)
            streams.Add(record.Stream);
        var key = plan.KeyOf(record, partitionName, out var missing);
        if (KeyFields.Fits(key))
        {
            seen?.Add(SeenKeys.HashOf(record.Stream, key));
            keyed.Add(new KeyedRecord(key, record));
            return;
        }
        Bad++;
        var reason = key is null
            ? new CellReason(missing ?? "", "key", null, "a value: the record's key is made from it", null)
            : new CellReason("", "key", key[..60] + "…", KeyFields.Expectation, null);
        Quarantined.Add(new NewQuarantine(plan.Definition.Name, record.Stream, null, record.Payload, [reason], OriginOf(record, path), definitionVersion) { Source = record.Source });
    }

    private void Sort(in KeyedRecord judged, IReadOnlyList<CellReason>? reasons, ReadingPlan plan, string headName, int definitionVersion, string path)
    {
        var record = judged.Record;
        if (record.Faults is { Count: > 0 } faults)
            reasons = reasons is null ? faults : [.. faults, .. reasons];
        if (reasons is { Count: > 0 } && record.Generation > 0)
            Keep(SeenKeys.HashOf(record.Stream, judged.Key));
        if (reasons is { Count: > 0 })
            Quarantined.Add(new NewQuarantine(plan.Definition.Name, record.Stream, judged.Key, record.Payload, reasons, OriginOf(record, path), definitionVersion) { Source = record.Source });
        else
            Entries.Add(new NewEntry(EntryType.Record, record.Stream, judged.Key, record.Operation, record.Payload, EntryHash.Of(record.Operation, record.Payload.Span),
                HeadOf(headName, record.Generation), OnlyIfChanged: plan.IsDeduplicated(record.Stream)) { Source = record.Source });
    }

    private void Keep(ulong hash)
    {
        if (Kept.Count < PartitionRules.MaxKept)
            Kept.Add(hash);
        else
            Bad++;
    }

    private string HeadOf(string name, int generation)
    {
        if (head.Name != name || head.Generation != generation)
            head = (name, generation, PartitionMark.HeadName(name, generation));
        return head.Text;
    }

    public IReadOnlyList<SampleReason> Samples() =>
        Quarantined.Take(MaxSamples).Select(item => new SampleReason(item.Stream, item.Key, item.Origin, item.Reasons)).ToArray();

    private static Origin OriginOf(in SourceRecord record, string path) => new(path, record.Offset, record.Length, record.Line);
}
