using Sophia.Log;
using Sophia.Operations;
using Sophia.Quality;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Takes deliveries for one pipeline: checks, judges, and has them in the log before it answers.</summary>
/// <remarks>The delivery's name goes into the log's transaction under a unique constraint, so a redelivery is stored once whatever died in between.
/// Each delivery is a version of its own even where nothing changed: it says that something happened.</remarks>
/// <param name="lost">Called when another activation takes the deliveries now.</param>
internal sealed class WebhookDesk(TenantId tenant, string pipeline, ILogStore log, IBatchJudges judges, TimeProvider time, Action? lost = null, Func<byte[]>? maskKey = null)
{
    /// <summary>How the origin of a delivered record begins; the delivery's name follows.</summary>
    public const string OriginPrefix = "delivery ";

    private const string TallyPart = "taken";

    private readonly FencedWriter writer = new(log, tenant, $"pipelines/{pipeline}/hook");
    private (PipelineDefinition? Of, ReadingPlan? Plan) reading;
    private readonly TransformedBatch transformed = new();
    private DeliveryTally? tally;

    /// <summary>What was taken so far. It is written with each delivery, in the same transaction.</summary>
    public async Task<DeliveryTally> Tally(CancellationToken cancellation) =>
        tally ??= DeliveryTallyJson.Of((await log.Checkpoint(tenant, TallyOf, TallyPart, cancellation))?.State);

    // No pipeline is called so: its own checkpoints are its sources'.
    private string TallyOf => $"hooks/{pipeline}";

    /// <summary>The answer, and the log position of what was stored (0: nothing).</summary>
    public async Task<(DeliveryResult Result, long Position)> Take(PipelineDefinition definition, int version, SourceDefinition source, string secret, WebhookDelivery delivery, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var verdict = Judge(source, secret, delivery, now);
        if (verdict is DeliveryVerdict.Refuse refused)
            return (new DeliveryResult(refused.Outcome, refused.Detail, null), 0);
        var accepted = (DeliveryVerdict.Accept)verdict;
        var record = new SourceRecord(accepted.Stream, accepted.Key, accepted.Operation, delivery.Body, 0, delivery.Body.Length, 0);
        var plan = PlanOf(definition);
        var (entries, held) = (new List<NewEntry>(), new List<NewQuarantine>());
        var head = PartitionMark.HeadName(pipeline, PartitionMark.PartitionName(ReadingPlan.NameOf(source), ""));
        foreach (var made in Made(plan, accepted, record, version, now))
        {
            var (key, reasons) = Judged(plan, source, accepted, made, now);
            if (reasons is null)
                entries.Add(new NewEntry(EntryType.Record, made.Stream, key!, made.Operation, made.Payload, EntryHash.Of(made.Operation, made.Payload.Span), head, OnlyIfChanged: false) { Source = made.Source });
            else
                held.Add(new NewQuarantine(pipeline, made.Stream, key, made.Payload, reasons, new Origin(OriginPrefix + accepted.OnceId, 0, made.Length), version) { Source = made.Source });
        }
        var batch = new AppendBatch { Fence = FencedWriter.Unset, At = now, OnceKey = $"hook/{pipeline}/{accepted.OnceId}", Entries = entries, Quarantined = held };
        return await Store(batch, entries is [var first, ..] ? $"{first.Stream}/{first.Key}" : null, held is [var item, ..] ? item.Reasons : null, cancellation);
    }

    /// <summary>Why a delivery would be refused; null where it proves itself.</summary>
    public static DeliveryResult? Refusal(SourceDefinition source, string secret, WebhookDelivery delivery, DateTimeOffset now)
    {
        if (Judge(source, secret, delivery, now) is not DeliveryVerdict.Refuse refused)
            return null;
        PipelineMeter.Delivered(refused.Outcome);
        return new DeliveryResult(refused.Outcome, refused.Detail, null);
    }

    private static DeliveryVerdict Judge(SourceDefinition source, string secret, WebhookDelivery delivery, DateTimeOffset now) =>
        source.Type == WebhookKinds.GitHub ? GitHubDelivery.Judge(delivery, secret) : GenericDelivery.Judge(source, delivery, secret, now);

    private async Task<(DeliveryResult, long)> Store(AppendBatch batch, string? recordId, IReadOnlyList<CellReason>? reasons, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            var before = await Tally(cancellation);
            var after = new DeliveryTally(before.Stored + (reasons is null && recordId is not null ? 1 : 0), before.Quarantined + (reasons is null ? 0 : 1), batch.At, before.Filtered + (reasons is null && recordId is null ? 1 : 0));
            var write = await writer.Append(batch with { Checkpoints = [new CheckpointWrite(TallyOf, TallyPart, DeliveryTallyJson.Write(after))] }, cancellation);
            tally = write is LogWrite.Done ? after : null;
            switch (write)
            {
                case LogWrite.Done done when done.Committed.BlockedItems == batch.Quarantined.Count:
                    return (new DeliveryResult(DeliveryOutcome.Stored, Taken(done.Committed), recordId), done.Committed.LastPosition);
                case LogWrite.Done:
                    return (new DeliveryResult(DeliveryOutcome.Quarantined, $"Held back: {string.Join("; ", reasons!.Select(reason => $"{reason.Field}: {reason.Expected}"))}", null), 0);
                case LogWrite.AlreadyDone:
                    return (new DeliveryResult(DeliveryOutcome.Duplicate, "This delivery is stored already.", reasons is null ? recordId : null), 0);
                case LogWrite.Lost:
                    lost?.Invoke();
                    throw Superseded.Refusal($"Pipeline {pipeline}", time);
                case var _ when tries == FencedWriter.MaxTries:
                    throw new StorageException(StorageFault.Locked, $"Deliveries of pipeline {pipeline} were written out of turn.");
            }
        }
    }

    // Nothing is held back: it was faultless, or what was wrong was in a record that may not come back.
    private static string Taken(AppendOutcome.Committed done) => done switch
    {
        { Stored: 0, Deleted: 0, Blocked: 0, BlockedItems: 0, Duplicates: 0 } => "Taken; the stream's filter leaves it out.",
        { Stored: 0, Deleted: 0, Duplicates: 0 } => "Taken; the record was erased and is left out.",
        _ => "Stored.",
    };

    private IReadOnlyList<SourceRecord> Made(ReadingPlan plan, DeliveryVerdict.Accept accepted, in SourceRecord record, int version, DateTimeOffset now)
    {
        if (accepted.Fault is not null || plan.TransformsOf(record.Stream) is not { } transforms)
            return [record];
        transformed.Begin(version, now, 0);
        return transformed.Of(record, transforms);
    }

    private static (string? Key, IReadOnlyList<CellReason>? Reasons) Judged(ReadingPlan plan, SourceDefinition source, DeliveryVerdict.Accept accepted, in SourceRecord record, DateTimeOffset now)
    {
        if (QuarantineRules.ReservedStream(record.Stream) is { } reserved)
            return (null, [reserved]);
        if (accepted.Fault is { } fault)
            return (null, [fault]);
        var (key, missing) = (accepted.Key, (string?)null);
        var planned = key is null && string.IsNullOrEmpty(source["key"]) && plan.HasKey(record.Stream);
        if (key is null && source["key"] is { Length: > 0 } fields)
            key = new KeyFields(fields.Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Of(record.Payload.Span, out missing);
        else if (planned)
            key = plan.KeyOf(record, accepted.OnceId, out missing);
        else
            key ??= accepted.OnceId;
        if (key is not null && record.KeyPart is { } part && !planned)
            key = $"{key}/{part}";
        if (!KeyFields.Fits(key))
            return (null, [new CellReason(missing ?? "", "key", null, key is null ? "a value: the record's key is made from it" : KeyFields.Expectation, null)]);
        var reasons = plan.Judge.Judge([new KeyedRecord(key, record)], now).Reasons[0];
        if (record.Faults is { } faults)
            reasons = reasons is null ? faults : [.. faults, .. reasons];
        return (key, reasons is { Count: > 0 } ? reasons : null);
    }

    private ReadingPlan PlanOf(PipelineDefinition definition)
    {
        if (!ReferenceEquals(reading.Of, definition))
            reading = (definition, new ReadingPlan(definition, judges.For(definition), maskKey));
        return reading.Plan!;
    }
}
