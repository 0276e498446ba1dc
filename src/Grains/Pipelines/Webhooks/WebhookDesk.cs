using Sophia.Log;
using Sophia.Operations;
using Sophia.Quality;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Takes deliveries for one pipeline: checks, judges, and has them in the log before it answers.</summary>
/// <remarks>The delivery's name goes into the log's transaction under a unique constraint, so a redelivery is stored once whatever died in between.
/// Each delivery is a version of its own even where nothing changed: it says that something happened.</remarks>
/// <param name="lost">Called when another activation takes the deliveries now.</param>
internal sealed class WebhookDesk(TenantId tenant, string pipeline, ILogStore log, IBatchJudges judges, TimeProvider time, Action? lost = null)
{
    /// <summary>How the origin of a delivered record begins; the delivery's name follows.</summary>
    public const string OriginPrefix = "delivery ";

    private const string TallyPart = "taken";

    private readonly FencedWriter writer = new(log, tenant, $"pipelines/{pipeline}/hook");
    private (PipelineDefinition? Of, ReadingPlan? Plan) reading;
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
        var verdict = source.Type == WebhookKinds.GitHub ? GitHubDelivery.Judge(delivery, secret) : GenericDelivery.Judge(source, delivery, secret, now);
        if (verdict is DeliveryVerdict.Refuse refused)
            return (new DeliveryResult(refused.Outcome, refused.Detail, null), 0);
        var accepted = (DeliveryVerdict.Accept)verdict;
        var record = new SourceRecord(accepted.Stream, accepted.Key, accepted.Operation, delivery.Body, 0, delivery.Body.Length, 0);
        var (key, reasons) = Judged(PlanOf(definition), source, accepted, record, now);
        var batch = new AppendBatch
        {
            Fence = FencedWriter.Unset,
            At = now,
            OnceKey = $"hook/{pipeline}/{accepted.OnceId}",
            Entries = reasons is not null ? [] : [new NewEntry(EntryType.Record, record.Stream, key!, record.Operation, record.Payload, EntryHash.Of(record.Operation, record.Payload.Span),
                PartitionMark.HeadName(pipeline, PartitionMark.PartitionName(ReadingPlan.NameOf(source), "")), OnlyIfChanged: false)],
            Quarantined = reasons is null ? [] : [new NewQuarantine(pipeline, record.Stream, key, record.Payload, reasons, new Origin(OriginPrefix + accepted.OnceId, 0, record.Length), version)],
        };
        return await Store(batch, $"{record.Stream}/{key}", reasons, cancellation);
    }

    private async Task<(DeliveryResult, long)> Store(AppendBatch batch, string recordId, IReadOnlyList<CellReason>? reasons, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            var before = await Tally(cancellation);
            var after = new DeliveryTally(before.Stored + (reasons is null ? 1 : 0), before.Quarantined + (reasons is null ? 0 : 1), batch.At);
            var write = await writer.Append(batch with { Checkpoints = [new CheckpointWrite(TallyOf, TallyPart, DeliveryTallyJson.Write(after))] }, cancellation);
            tally = write is LogWrite.Done ? after : null;
            switch (write)
            {
                case LogWrite.Done done when reasons is null:
                    return (new DeliveryResult(DeliveryOutcome.Stored, "Stored.", recordId), done.Committed.LastPosition);
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

    private static (string? Key, IReadOnlyList<CellReason>? Reasons) Judged(ReadingPlan plan, SourceDefinition source, DeliveryVerdict.Accept accepted, in SourceRecord record, DateTimeOffset now)
    {
        if (QuarantineRules.ReservedStream(record.Stream) is { } reserved)
            return (null, [reserved]);
        if (accepted.Fault is { } fault)
            return (null, [fault]);
        var (key, missing) = (accepted.Key, (string?)null);
        if (key is null && source["key"] is { Length: > 0 } fields)
            key = new KeyFields(fields.Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Of(record.Payload.Span, out missing);
        else if (key is null && plan.HasKey(record.Stream))
            key = plan.KeyOf(record, accepted.OnceId, out missing);
        else
            key ??= accepted.OnceId;
        if (key is not { Length: <= KeyFields.MaxLength })
            return (null, [new CellReason(missing ?? "", "key", null, "a value: the record's key is made from it", null)]);
        var reasons = plan.Judge.Judge([new KeyedRecord(key, record)], now).Reasons[0];
        return (key, reasons is { Count: > 0 } ? reasons : null);
    }

    private ReadingPlan PlanOf(PipelineDefinition definition)
    {
        if (!ReferenceEquals(reading.Of, definition))
            reading = (definition, new ReadingPlan(definition, judges.For(definition)));
        return reading.Plan!;
    }
}
