using System.Globalization;
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

    public Task<QuarantineOutcome> Edit(long id, string payloadJson, string by) => EditOne(id, payloadJson, by, null);

    public async Task<IReadOnlyList<QuarantineOutcome>> Discard(IReadOnlyList<long> ids, string reason, string by)
    {
        var outcomes = new List<QuarantineOutcome>(ids.Count);
        foreach (var id in ids)
            outcomes.Add(await items.Find(tenant, id, default) switch
            {
                null => QuarantineRules.Unknown(id),
                { State: not QuarantineState.Held } decided => QuarantineRules.AlreadyDecided(decided),
                var item => await Append(Discarded(item, reason, by)),
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

    public async Task<IReadOnlyList<QuarantineOutcome>> Some(BulkDecision decision, IReadOnlyList<long> ids, string once, string by)
    {
        var (outcomes, together, bytes, definitions) = (new List<QuarantineOutcome>(ids.Count), new List<Judged>(ids.Count), 0, new Dictionary<string, PipelineDefinition?>(StringComparer.Ordinal));
        foreach (var id in ids)
        {
            if (await items.Find(tenant, id, default) is not { } item)
                continue;
            if (item.State != QuarantineState.Held)
                outcomes.Add(await Decided(item, once));
            else if (decision.Kind == BulkKind.Edit)
                outcomes.Add(await EditHeld(item, decision, once, by));
            else if (decision.Kind == BulkKind.Discard)
                together.Add(Discarded(item, decision.Reason!, by) with { Order = once });
            else
            {
                if (!definitions.TryGetValue(item.Pipeline, out var definition))
                    definitions[item.Pipeline] = definition = await Definition(item);
                var (judged, refused) = await Released(item, definition, by);
                if (judged?.Record is { } record)
                {
                    if (bytes + record.Payload.Length > BulkRules.MostTogetherBytes)
                        await Flush();
                    if (together.Any(one => one.Record?.Stream == record.Stream && one.Record?.Key == record.Key))
                    {
                        // What was released before it is the newer version that it would overwrite.
                        await Flush();
                        (judged, refused) = await Released(item, definition, by);
                    }
                }
                if (judged is null)
                    outcomes.Add(refused!);
                else
                {
                    together.Add(judged with { Order = once });
                    bytes += judged.Record?.Payload.Length ?? 0;
                }
            }
        }
        await Flush();
        return [.. outcomes.Where(outcome => outcome.State != QuarantineState.Unknown)];

        async Task Flush()
        {
            // While the others were looked at, a newer version of one may have come.
            var still = new List<Judged>(together.Count);
            foreach (var one in together)
                if (one.Record is { } record && await log.Newest(tenant, record.Stream, record.Key, default) is { } newest && newest.Version != record.OnlyIfVersion)
                    outcomes.Add(QuarantineRules.Newer(one.Item, record.Key, newest));
                else
                    still.Add(one);
            outcomes.AddRange(await Append(still, null));
            together.Clear();
            bytes = 0;
        }
    }

    private async Task<QuarantineOutcome> One(BulkDecision decision, QuarantinedItem item, string by)
    {
        var edited = decision.Kind == BulkKind.Edit ? BulkRules.Edited(item.PayloadJson, decision) : null;
        if (decision.Kind == BulkKind.Edit && edited is null)
            return BulkRules.NothingToEdit(item);
        if (decision.DryRun)
            return new QuarantineOutcome(item.Id, QuarantineState.Held, edited is null ? "Would be decided on." : $"Would become {Cell.Clip(edited)}", item.Reasons);
        return decision.Kind switch
        {
            BulkKind.Release => await ReleaseOne(item.Id, by),
            BulkKind.Discard => await Append(Discarded(item, decision.Reason!, by)),
            _ => await EditOne(item.Id, edited!, by, null),
        };
    }

    private async Task<QuarantineOutcome> EditHeld(QuarantinedItem item, BulkDecision decision, string order, string by)
    {
        try
        {
            return BulkRules.Edited(item.PayloadJson, decision) is { } edited ? await EditOne(item.Id, edited, by, order) : BulkRules.NothingToEdit(item);
        }
        catch (RefusedException refused) when (refused.Code is RefusalCode.Invalid or RefusalCode.TooLarge)
        {
            return new QuarantineOutcome(item.Id, QuarantineState.Held, refused.Message, item.Reasons); // One that cannot be edited so does not stand in the way of the others.
        }
    }

    private async Task<QuarantineOutcome> ReleaseOne(long id, string by)
    {
        if (await items.Find(tenant, id, default) is not { } item)
            return QuarantineRules.Unknown(id);
        if (item.State != QuarantineState.Held)
            return QuarantineRules.AlreadyDecided(item);
        var (judged, refused) = await Released(item, await Definition(item), by);
        return judged is null ? refused! : await Append(judged);
    }

    /// <summary>Edits an item that is held; what an order has edited before it does not edit again.</summary>
    private async Task<QuarantineOutcome> EditOne(long id, string payloadJson, string by, string? order)
    {
        var once = order is null ? null : string.Create(CultureInfo.InvariantCulture, $"{order}/{id}");
        if (await items.Find(tenant, id, default) is not { } item)
            throw new RefusedException(RefusalCode.NotFound, $"There is no quarantined item {id}.");
        if (item.State != QuarantineState.Held)
            return await Decided(item, order);
        var payload = QuarantineRules.PayloadOf(payloadJson);
        var definition = await Definition(item) ?? throw new RefusedException(RefusalCode.Conflict,
            $"Pipeline {item.Pipeline} is not defined any more, so nothing can judge the record. Define it again, or release or discard the item.");
        var (key, missing) = QuarantineRules.KeyOf(item, payload.Span, definition);
        var reasons = missing is not null ? new[] { missing } : QuarantineRules.Judge(definition, item.Stream, key!, payload, time.GetUtcNow());
        var decision = new QuarantineDecision(id, reasons.Count == 0 ? QuarantineState.Released : QuarantineState.Held, by, null, payload, reasons);
        if (reasons.Count > 0)
            return await Append(new Judged(item, null, decision, "edited, still held", reasons) { Order = order }, once);
        var (judged, refused) = await Stored(item, key!, payload, definition, decision, "edited");
        return judged is null ? refused! : await Append(judged with { Order = order }, once);
    }

    private static Judged Discarded(QuarantinedItem item, string reason, string by) => new(item, null, new QuarantineDecision(item.Id, QuarantineState.Discarded, by, reason), "discarded", item.Reasons);

    private async Task<(Judged? Judged, QuarantineOutcome? Refused)> Released(QuarantinedItem item, PipelineDefinition? definition, string by)
    {
        if (string.IsNullOrEmpty(item.PayloadJson))
            return (null, new QuarantineOutcome(item.Id, QuarantineState.Held, "It is a piece of a file and no record: correct it at the source, edit it into a record, or discard it.", item.Reasons));
        if (QuarantineRules.ReservedStream(item.Stream) is { } reserved)
            return (null, new QuarantineOutcome(item.Id, QuarantineState.Held, "Its stream is one of Sophia's own: correct the source, or discard it.", new[] { reserved }));
        var payload = Encoding.UTF8.GetBytes(item.PayloadJson);
        var (key, missing) = QuarantineRules.KeyOf(item, payload, definition);
        return key is null ? (null, new QuarantineOutcome(item.Id, QuarantineState.Held, "It has no key to be stored under: edit it.", new[] { missing! }))
            : await Stored(item, key, payload, definition, new QuarantineDecision(item.Id, QuarantineState.Released, by, null), "released");
    }

    private async Task<(Judged? Judged, QuarantineOutcome? Refused)> Stored(QuarantinedItem item, string key, ReadOnlyMemory<byte> payload, PipelineDefinition? definition, QuarantineDecision decision, string what)
    {
        var newest = await log.Newest(tenant, item.Stream, key, default);
        var expected = key == item.Key ? item.HeadVersion : 0;
        if ((newest?.Version ?? 0) != expected)
            return (null, QuarantineRules.Newer(item, key, newest!));
        var entry = new NewEntry(EntryType.Record, item.Stream, key, RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload.Span),
            QuarantineRules.PartitionOf(item, definition), OnlyIfChanged: true, OnlyIfVersion: expected) { Source = decision.NewPayload is null ? QuarantineRules.SourceOf(item) : null };
        return (new Judged(item, entry, decision, what, []), null);
    }

    private async Task<QuarantineOutcome> Append(Judged judged, string? once = null) => (await Append([judged], once))[0];

    /// <summary>The single path by which anything changes: all of them in one append, or where one of them is not held any more each by itself.</summary>
    /// <param name="once">Of one alone: the once-key of its append.</param>
    private async Task<IReadOnlyList<QuarantineOutcome>> Append(IReadOnlyList<Judged> all, string? once)
    {
        while (all.Count > 0)
        {
            fence ??= await log.Acquire(tenant, Owner, default);
            var records = all.Where(one => one.Record is not null).ToList();
            var batch = new AppendBatch
            {
                Fence = fence,
                At = time.GetUtcNow(),
                Entries = [.. records.Select(one => one.Record!.Value), .. all.Select(one => QuarantineRules.Audit(one.Item, one.Decision, one.What, one.Order))],
                Decisions = [.. all.Select(one => one.Decision)],
                OnceKey = once,
            };
            switch (await log.Append(tenant, batch, default))
            {
                case AppendOutcome.Committed done:
                    fence = done.Next;
                    if (all.Count == 1)
                        LogDecided(logger, tenant.Value, all[0].Item.Id, all[0].What);
                    if (records.Count > 0 && done.LastPosition > 0)
                        await GrainFactory.GetGrain<IProjectionGrain>(TenantKey.Of(tenant, Projections.Index)).Hint(done.LastPosition);
                    return [.. all.Select(one => new QuarantineOutcome(one.Item.Id, one.Decision.State, QuarantineRules.Said(one.What, records.IndexOf(one) is >= 0 and var at ? done.Dispositions[at] : null), one.Reasons))];
                case AppendOutcome.Misplaced misplaced:
                    // An earlier append of unknown outcome took place; if it was this decision, the next answer is NotHeld.
                    fence = misplaced.Current;
                    break;
                case AppendOutcome.NotHeld when all.Count > 1:
                    var alone = new List<QuarantineOutcome>(all.Count);
                    foreach (var one in all)
                        alone.Add(await Append(one));
                    return alone;
                case AppendOutcome.NotHeld or AppendOutcome.AlreadyDone:
                    return [await items.Find(tenant, all[0].Item.Id, default) switch
                    {
                        null => QuarantineRules.Unknown(all[0].Item.Id),
                        { State: QuarantineState.Held } held => new QuarantineOutcome(held.Id, held.State, "Decided on before: it is still held.", held.Reasons),
                        var decided => await Decided(decided, all[0].Order),
                    }];
                default:
                    DeactivateOnIdle();
                    throw Superseded.Refusal("The quarantine", time);
            }
        }
        return [];
    }

    /// <summary>What is said of an item that is not held any more; to an order that did not decide on it, that there is none.</summary>
    private async Task<QuarantineOutcome> Decided(QuarantinedItem item, string? order) =>
        order is null || await log.Newest(tenant, OwnStreams.Audit, QuarantineRules.AuditKey(item.Id), default) is { } audit && QuarantineRules.IsOf(audit, order)
            ? QuarantineRules.AlreadyDecided(item) : QuarantineRules.Unknown(item.Id);

    private async Task<PipelineDefinition?> Definition(QuarantinedItem item) =>
        await GrainFactory.GetGrain<IPipelineGrain>(TenantKey.Of(tenant, item.Pipeline)).View() is { } view
            ? PipelineDefinitionReader.Read(view.DefinitionText, "definition", item.Pipeline).Definition : null;

    /// <summary>A decision that may be taken, and the record that it stores, if any.</summary>
    private sealed record Judged(QuarantinedItem Item, NewEntry? Record, QuarantineDecision Decision, string What, IReadOnlyList<CellReason> Reasons)
    {
        /// <summary>The once-identity of the order that takes it; null: none.</summary>
        public string? Order { get; init; }
    }

    [LoggerMessage(EventId = 4101, Level = LogLevel.Information, Message = "Tenant {Tenant}: quarantined item {Item} {What}")]
    private static partial void LogDecided(ILogger logger, string tenant, long item, string what);
}
