using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Knowledge;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Removes what a tenant's streams need not keep; the key is the tenant.</summary>
/// <remarks>A pass goes beside its calls, page by page, keeps where it is, and rests in between; a crash or a suspension stops it and the reminder lets it go on. What may go is decided in <see cref="RetentionRules"/> and by the store.
/// Reentrant, because its calls read the definitions of pipelines, and one of those may be waiting here to <see cref="Wake"/> it; only the one pass changes state.</remarks>
[InTenantPool, Reentrant]
internal sealed partial class RetentionGrain(
    [PersistentState("retention", Stores.Durable)] IPersistentState<RetentionState> stored,
    ILogStore log, IIndexStore index, ITenantGate gate, IOptions<RetentionOptions> options, TimeProvider time, ILogger<RetentionGrain> logger) : Grain, IRetentionGrain, IRemindable
{
    private const string LookReminder = "look";

    /// <summary>Pages after which it is kept where the pass is.</summary>
    private const int PagesKept = 20;

    private readonly CancellationTokenSource lifetime = new();
    private Task working = Task.CompletedTask;
    private string? waitsFor;
    private int wakings;
    private TenantId tenant;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        tenant = TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;
        if (stored.State.StartedAt is not null)
            Work();
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await lifetime.CancelAsync();
        await working;
        lifetime.Dispose();
    }

    public async Task<RetentionView> Look()
    {
        await Remind();
        Work();
        return await View();
    }

    public async Task Wake()
    {
        wakings++;
        await Remind(true);
        Work();
    }

    public async Task<RetentionView> View()
    {
        var (state, rules) = (stored.State, await Rules());
        var horizons = (await log.Streams(tenant, lifetime.Token)).ToDictionary(stream => stream.Stream, stream => stream.Horizon, StringComparer.Ordinal);
        return new RetentionView(state.StartedAt is not null, state.EndedAt, state.StartedAt is null ? null : waitsFor,
        [
            .. rules.Select(rule => (rule, known: state.Streams.FirstOrDefault(one => one.Stream == rule.Key)))
                .Select(one => new StreamRetention(one.rule.Key, one.rule.Value.Days, one.rule.Value.Versions, one.rule.Value.Expire, horizons.GetValueOrDefault(one.rule.Key), one.known?.Versions ?? 0, one.known?.Expired ?? 0, one.known?.LookedAt)),
        ]);
    }

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        await Remind();
        Work();
    }

    private void Work()
    {
        if (working.IsCompleted && !lifetime.IsCancellationRequested)
            working = Pass();
    }

    private async Task Pass()
    {
        try
        {
            var rules = await Rules();
            if (rules.Count == 0 && stored.State.StartedAt is null)
                return;
            if (stored.State.StartedAt is null)
                await Save(stored.State with { StartedAt = time.GetUtcNow(), Stream = null, AfterKey = null });
            var compactor = new StreamCompactor(tenant, log, index, time, options.Value);
            foreach (var (stream, rule) in rules.Where(rule => stored.State.Stream is not { } at || string.CompareOrdinal(rule.Key, at) >= 0).ToList())
                if (!await Take(compactor, stream, rule))
                    return;
            await Save(stored.State with { StartedAt = null, EndedAt = time.GetUtcNow(), Stream = null, AfterKey = null });
            waitsFor = null;
        }
        catch (OperationCanceledException) when (lifetime.IsCancellationRequested)
        {
        }
        catch (Exception failure)
        {
            waitsFor = $"{failure.Message} It goes on at the next look.";
            LogStopped(tenant.Value, failure);
        }
    }

    /// <summary>Whether the stream was taken to its end.</summary>
    private async Task<bool> Take(StreamCompactor compactor, string stream, RetentionDefinition rule)
    {
        if (!await Rest())
            return false;
        var since = stored.State.StartedAt!.Value;
        var after = stored.State.Stream == stream ? stored.State.AfterKey : null;
        (long Versions, long Expired) removed = default;
        if (after is null)
            for (string? next = null; ;)
            {
                var (on, expired) = await compactor.Expire(stream, rule, since, next, lifetime.Token);
                removed.Expired += expired;
                if (on is null)
                    break;
                next = on;
                if (!await Rest())
                    return false;
            }
        for (var pages = 1; ; pages++)
        {
            var page = await compactor.Compact(stream, rule, since, after, lifetime.Token);
            (after, removed.Versions) = (page.After, removed.Versions + page.Versions);
            if (page.More && pages % PagesKept != 0)
            {
                if (!await Rest())
                    return false;
                continue;
            }
            await Save(RetentionRules.After(stored.State, stream, page.More ? after : null, removed.Versions, removed.Expired, page.More ? null : time.GetUtcNow()));
            if (removed != default)
                LogRemoved(tenant.Value, stream, removed.Versions, removed.Expired);
            removed = default;
            if (!page.More)
                return true;
        }
    }

    private async Task<bool> Rest()
    {
        DelayDeactivation(TimeSpan.FromMinutes(1));
        if (options.Value.Rest > TimeSpan.Zero)
            await Task.Delay(options.Value.Rest, time, lifetime.Token);
        waitsFor = gate.Because(tenant);
        return waitsFor is null;
    }

    private async Task<List<PipelineDefinition>> Stated() =>
        [.. (await GrainFactory.Pipelines(tenant)).Select(view => PipelineDefinitionReader.Read(view.DefinitionText, "definition", view.Name).Definition).OfType<PipelineDefinition>()
            .Where(definition => definition.Streams.Values.Any(stream => stream.Retention is not null))];

    private async Task<IReadOnlyDictionary<string, RetentionDefinition>> Rules()
    {
        var stated = await Stated();
        return stated.Count == 0 ? new Dictionary<string, RetentionDefinition>()
            : RetentionRules.Of((await log.Streams(tenant, lifetime.Token)).Where(stream => stream.Type == EntryType.Record).Select(stream => stream.Stream), stated);
    }

    // As long as a definition states retention, whether its streams have records yet or not. A definition that was read before another one came says nothing of that.
    private async Task Remind()
    {
        var seen = wakings;
        await Remind((await Stated()).Count > 0);
        if (seen != wakings)
            await Remind(true);
    }

    private async Task Remind(bool wanted)
    {
        var known = await this.GetReminder(LookReminder);
        if (wanted && known is null)
            await this.RegisterOrUpdateReminder(LookReminder, options.Value.Every, options.Value.Every);
        else if (!wanted && known is not null)
            await this.UnregisterReminder(known);
    }

    private Task Save(RetentionState after) => stored.CommitAsync(after, onFailure: DeactivateOnIdle);

    [LoggerMessage(2120, LogLevel.Information, "Tenant {Tenant}: {Versions} versions removed of {Stream}, {Expired} records expired")]
    private partial void LogRemoved(string tenant, string stream, long versions, long expired);

    [LoggerMessage(2121, LogLevel.Warning, "Tenant {Tenant}: the compaction of its streams stopped; its reminder lets it go on")]
    private partial void LogStopped(string tenant, Exception failure);
}
