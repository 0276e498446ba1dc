using System.Text;
using Microsoft.Extensions.Logging;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Tenants;

namespace Sophia.Quality;

/// <summary>Decides on what the gate held back in one tenant; the key is the tenant.</summary>
/// <remarks>
/// A decision is one append: the record (only while its key's newest version is the one that was there when it was held back), the decision and an
/// audit entry. The store takes a decision on a held item only, so one that was taken before an answer got lost is not taken twice.
/// </remarks>
[InTenantPool]
internal sealed partial class QuarantineGrain(ILogStore log, IQuarantineStore items, TimeProvider time, ILogger<QuarantineGrain> logger) : Grain, IQuarantineGrain
{
    /// <summary>The fence's owner name, and the audit's stream.</summary>
    private const string Owner = "quarantine";

    private Fence? fence;
    private TenantId tenant;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        tenant = TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;
        return Task.CompletedTask;
    }

    public Task<QuarantinePage> List(QuarantineQuery query) => query.Limit is >= 1 and <= QuarantineRules.MaxListed
        ? items.List(tenant, query, default)
        : throw new RefusedException(RefusalCode.Invalid, $"limit is 1 to {QuarantineRules.MaxListed}.");

    public Task<QuarantinedItem?> Get(long id) => items.Find(tenant, id, default);

    public async Task<IReadOnlyList<QuarantineOutcome>> Release(IReadOnlyList<long> ids, string by)
    {
        var outcomes = new List<QuarantineOutcome>(ids.Count);
        foreach (var id in ids)
            outcomes.Add(await ReleaseOne(id, by));
        return outcomes;
    }

    public async Task<QuarantineOutcome> Edit(long id, string payloadJson, string by)
    {
        if (await items.Find(tenant, id, default) is not { } item)
            throw new RefusedException(RefusalCode.NotFound, $"There is no quarantined item {id}.");
        if (item.State != QuarantineState.Held)
            return QuarantineRules.AlreadyDecided(item);
        var payload = QuarantineRules.PayloadOf(payloadJson);
        var definition = await Definition(item) ?? throw new RefusedException(RefusalCode.Conflict,
            $"Pipeline {item.Pipeline} is not defined any more, so nothing can judge the record. Define it again, or release or discard the item.");
        var (key, missing) = QuarantineRules.KeyOf(item, payload.Span, definition);
        var reasons = missing is not null ? new[] { missing } : QuarantineRules.Judge(definition, item.Stream, key!, payload, time.GetUtcNow());
        var decision = new QuarantineDecision(id, reasons.Count == 0 ? QuarantineState.Released : QuarantineState.Held, by, null, payload, reasons);
        return reasons.Count == 0
            ? await Store(item, key!, payload, definition, decision, "edited")
            : await Decide(item, decision, "edited, still held", reasons);
    }

    public async Task<IReadOnlyList<QuarantineOutcome>> Discard(IReadOnlyList<long> ids, string reason, string by)
    {
        var outcomes = new List<QuarantineOutcome>(ids.Count);
        foreach (var id in ids)
            outcomes.Add(await items.Find(tenant, id, default) switch
            {
                null => QuarantineRules.Unknown(id),
                { State: not QuarantineState.Held } decided => QuarantineRules.AlreadyDecided(decided),
                var item => await Decide(item, new QuarantineDecision(id, QuarantineState.Discarded, by, reason), "discarded", item.Reasons),
            });
        return outcomes;
    }

    public async Task<BulkOutcome> Many(BulkDecision decision, string by)
    {
        BulkRules.Check(decision);
        var (outcomes, before, looked) = (new List<QuarantineOutcome>(), decision.Before, 0);
        while (looked < BulkRules.MostLooked && outcomes.Count < decision.Limit)
        {
            var page = await items.List(tenant, new QuarantineQuery(decision.Pipeline, decision.Stream, null, QuarantineState.Held, before, QuarantineRules.MaxListed), default);
            if (page.Items.Count == 0)
                return BulkRules.Outcome(outcomes, null);
            foreach (var item in page.Items)
            {
                (before, looked) = (item.Id, looked + 1);
                if (!BulkRules.Takes(decision, item))
                    continue;
                outcomes.Add(await One(decision, item, by));
                if (outcomes.Count == decision.Limit)
                    break;
            }
        }
        return BulkRules.Outcome(outcomes, before);
    }

    private async Task<QuarantineOutcome> One(BulkDecision decision, QuarantinedItem item, string by)
    {
        var edited = decision.Kind == BulkKind.Edit ? BulkRules.Edited(item.PayloadJson, decision) : null;
        if (decision.Kind == BulkKind.Edit && edited is null)
            return new QuarantineOutcome(item.Id, QuarantineState.Held, "Left as it is: it is no record, or its value is none of those to be replaced.", item.Reasons);
        if (decision.DryRun)
            return new QuarantineOutcome(item.Id, QuarantineState.Held, edited is null ? "Would be decided on." : $"Would become {Cell.Clip(edited)}", item.Reasons);
        return decision.Kind switch
        {
            BulkKind.Release => await ReleaseOne(item.Id, by),
            BulkKind.Discard => await Decide(item, new QuarantineDecision(item.Id, QuarantineState.Discarded, by, decision.Reason), "discarded", item.Reasons),
            _ => await Edit(item.Id, edited!, by),
        };
    }

    private async Task<QuarantineOutcome> ReleaseOne(long id, string by)
    {
        if (await items.Find(tenant, id, default) is not { } item)
            return QuarantineRules.Unknown(id);
        if (item.State != QuarantineState.Held)
            return QuarantineRules.AlreadyDecided(item);
        if (string.IsNullOrEmpty(item.PayloadJson))
            return new QuarantineOutcome(id, QuarantineState.Held, "It is a piece of a file and no record: correct it at the source, edit it into a record, or discard it.", item.Reasons);
        if (QuarantineRules.ReservedStream(item.Stream) is { } reserved)
            return new QuarantineOutcome(id, QuarantineState.Held, "Its stream is one of Sophia's own: correct the source, or discard it.", new[] { reserved });
        var payload = Encoding.UTF8.GetBytes(item.PayloadJson);
        var definition = await Definition(item);
        var (key, missing) = QuarantineRules.KeyOf(item, payload, definition);
        return key is null
            ? new QuarantineOutcome(id, QuarantineState.Held, "It has no key to be stored under: edit it.", new[] { missing! })
            : await Store(item, key, payload, definition, new QuarantineDecision(id, QuarantineState.Released, by, null), "released");
    }

    private async Task<QuarantineOutcome> Store(QuarantinedItem item, string key, ReadOnlyMemory<byte> payload, PipelineDefinition? definition, QuarantineDecision decision, string what)
    {
        var newest = await log.Newest(tenant, item.Stream, key, default);
        var expected = key == item.Key ? item.HeadVersion : 0;
        if ((newest?.Version ?? 0) != expected)
            return QuarantineRules.Newer(item, key, newest!);
        var entry = new NewEntry(EntryType.Record, item.Stream, key, RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload.Span),
            QuarantineRules.PartitionOf(item, definition), OnlyIfChanged: true, OnlyIfVersion: expected) { Source = decision.NewPayload is null ? QuarantineRules.SourceOf(item) : null };
        return await Append(item, [entry], decision, what, []);
    }

    private Task<QuarantineOutcome> Decide(QuarantinedItem item, QuarantineDecision decision, string what, IReadOnlyList<CellReason> reasons) =>
        Append(item, [], decision, what, reasons);

    /// <summary>The single path by which anything changes.</summary>
    private async Task<QuarantineOutcome> Append(QuarantinedItem item, NewEntry[] records, QuarantineDecision decision, string what, IReadOnlyList<CellReason> reasons)
    {
        while (true)
        {
            fence ??= await log.Acquire(tenant, Owner, default);
            var batch = new AppendBatch
            {
                Fence = fence,
                At = time.GetUtcNow(),
                Entries = [.. records, QuarantineRules.Audit(item, decision, what)],
                Decisions = [decision],
            };
            switch (await log.Append(tenant, batch, default))
            {
                case AppendOutcome.Committed done:
                    fence = done.Next;
                    LogDecided(logger, tenant.Value, item.Id, what);
                    if (records.Length > 0 && done.LastPosition > 0)
                        await GrainFactory.GetGrain<IProjectionGrain>(TenantKey.Of(tenant, Projections.Index)).Hint(done.LastPosition);
                    return new QuarantineOutcome(item.Id, decision.State, QuarantineRules.Said(what, records.Length > 0 ? done.Dispositions[0] : null), reasons);
                case AppendOutcome.Misplaced misplaced:
                    // An earlier append of unknown outcome took place; if it was this decision, the next answer is NotHeld.
                    fence = misplaced.Current;
                    break;
                case AppendOutcome.NotHeld:
                    return await items.Find(tenant, item.Id, default) is { } decided ? QuarantineRules.AlreadyDecided(decided) : QuarantineRules.Unknown(item.Id);
                default:
                    DeactivateOnIdle();
                    throw Superseded.Refusal("The quarantine", time);
            }
        }
    }

    private async Task<PipelineDefinition?> Definition(QuarantinedItem item) =>
        await GrainFactory.GetGrain<IPipelineGrain>(TenantKey.Of(tenant, item.Pipeline)).View() is { } view
            ? PipelineDefinitionReader.Read(view.DefinitionText, "definition", item.Pipeline).Definition : null;

    [LoggerMessage(EventId = 4101, Level = LogLevel.Information, Message = "Tenant {Tenant}: quarantined item {Item} {What}")]
    private static partial void LogDecided(ILogger logger, string tenant, long item, string what);
}
